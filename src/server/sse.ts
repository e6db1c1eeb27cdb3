// A subscription as Server-Sent Events: GraphQL over SSE, distinct connections mode
// (https://github.com/enisdenk/graphql-sse/blob/master/PROTOCOL.md), with what proxies in between need. One
// event waits for a reader, and everything newer waits in its feed; one that stalls is cut (stalled.ts). A stream completes when its
// token expires, and no event comes after.

import type { ServerResponse } from 'node:http';
import type { Answer } from '../operations/answer.ts';
import { hasExpired, onExpiry } from './expiry.ts';
import { drained } from './stalled.ts';

const HEARTBEAT_MS = 12_000;

const open = new Set<ServerResponse>();
let heartbeat: NodeJS.Timeout | undefined;

/** @param expiresAt In milliseconds since 1970. */
export async function sendEvents(
  response: ServerResponse,
  results: AsyncIterable<Answer>,
  expiresAt: number,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-content-type-options': 'nosniff',
    // nginx would keep everything back until its buffers are full.
    'x-accel-buffering': 'no',
  });
  response.write(':\n\n');
  const iterator = results[Symbol.asyncIterator]();
  if (response.destroyed) return void iterator.return?.();
  // Also ends an iterator that waits for its next event.
  response.once('close', () => {
    takeBack();
    forget(response);
    void iterator.return?.();
  });
  remember(response);
  const takeBack = onExpiry(expiresAt, () => {
    complete(response);
    void iterator.return?.();
  });
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    if (response.writableEnded || hasExpired(expiresAt)) break;
    const isTaken = response.write(`event: next\ndata: ${JSON.stringify(next.value)}\n\n`);
    if (!isTaken) await drained(response);
    if (response.destroyed) return;
  }
  complete(response);
}

function complete(response: ServerResponse): void {
  if (response.writableEnded) return;
  forget(response);
  response.end('event: complete\ndata:\n\n');
}

// One timer for all of them: proxies and browsers close what is silent.
function remember(response: ServerResponse): void {
  open.add(response);
  heartbeat ??= setInterval(() => {
    for (const each of open) if (!each.writableNeedDrain) each.write(':\n\n');
  }, HEARTBEAT_MS).unref();
}

function forget(response: ServerResponse): void {
  open.delete(response);
  if (open.size > 0) return;
  clearInterval(heartbeat);
  heartbeat = undefined;
}
