// `/status/events`: the report once a second, to whoever has the page open, as Server-Sent Events. It is made once for all of
// them, and not at all where there is none. A reader that does not keep up is left out of the next ones.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as breathe } from 'node:timers/promises';
import type { StatusReport } from './report.ts';

/** Most readers at once: each of them keeps a connection open. */
const MAX_READERS = 32;

const EVERY_MS = 1_000;

/** The hour behind the figures is sent as often as a point is added to it. */
const HOUR_EVERY = 10;

export interface StatusEvents {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Ends all of them, also those that come from now on. */
  stop(): void;
}

/** @param report What is sent, with the last hour or without. */
export function createStatusEvents(report: (withHour: boolean) => Promise<StatusReport>): StatusEvents {
  const readers = new Set<ServerResponse>();
  /** Those of them that have been told nothing yet. */
  const newcomers = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  let sent = 0;
  let isMaking = false;
  let isStopped = false;

  /** One report at a time: it is made in many turns of the loop. */
  async function send(): Promise<void> {
    if (isMaking || readers.size === 0) return;
    isMaking = true;
    const withHour = newcomers.size > 0 || sent % HOUR_EVERY === 0;
    sent = withHour ? 1 : sent + 1;
    try {
      const made = await report(withHour);
      await breathe();
      const text = eventOf(made);
      for (const reader of readers) {
        // Who has come meanwhile needs the hour.
        if (newcomers.has(reader) && !withHour) continue;
        newcomers.delete(reader);
        if (!reader.writableEnded && !reader.writableNeedDrain) reader.write(text);
      }
    } finally {
      isMaking = false;
    }
    if (newcomers.size > 0) await send();
  }

  function forget(reader: ServerResponse): void {
    readers.delete(reader);
    newcomers.delete(reader);
    if (readers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    handle(request, response) {
      if (request.method !== 'GET') {
        response.writeHead(405, { allow: 'GET' }).end();
        return;
      }
      if (isStopped || readers.size >= MAX_READERS) {
        response.writeHead(503, { 'retry-after': '5' }).end();
        return;
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-content-type-options': 'nosniff',
        // nginx would keep everything back until its buffers are full.
        'x-accel-buffering': 'no',
      });
      response.flushHeaders();
      readers.add(response);
      newcomers.add(response);
      timer ??= setInterval(() => void send(), EVERY_MS).unref();
      response.once('close', () => forget(response));
      void send();
    },
    stop() {
      isStopped = true;
      for (const reader of readers) reader.end();
    },
  };
}

function eventOf(report: StatusReport): string {
  return `event: report\ndata: ${JSON.stringify(report)}\n\n`;
}
