// Ways in which a provider fails, on command: what `POST /_control/misbehave` takes, and how an answer is spoilt by it.

import type { ServerResponse } from 'node:http';

export interface Misbehaviour {
  /** Answer with this status instead. */
  readonly status?: number;
  /** Together with `status`, or over the true answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Send this text as the body. */
  readonly body?: string;
  /** Wait so long before answering, in milliseconds. */
  readonly delayMs?: number;
  /**
   * hang: never answer. reset: cut the connection at once. cut: cut it in mid-body. drip: one byte of the body a second.
   * drip-headers: one byte of the head a second. endless: a body that never ends.
   */
  readonly mode?: 'hang' | 'reset' | 'cut' | 'drip' | 'drip-headers' | 'endless';
  /** How many calls it spoils. Default: all, until it is taken back. */
  readonly times?: number;
  /** Only calls whose target (path and query) contains this text. */
  readonly match?: string;
}

export interface Spoiler {
  /** The misbehaviour that this call is to suffer, counted off. */
  next(target: string): Misbehaviour | undefined;
  set(misbehaviour: Misbehaviour | undefined): void;
}

export function createSpoiler(): Spoiler {
  let current: Misbehaviour | undefined;
  let left = 0;
  return {
    set(misbehaviour) {
      current = misbehaviour;
      left = misbehaviour?.times ?? Number.POSITIVE_INFINITY;
    },
    next(target) {
      if (current === undefined || left <= 0 || !target.includes(current.match ?? '')) return undefined;
      left -= 1;
      return current;
    },
  };
}

/** Sends `text` as the body, spoilt as `mode` says. */
export function sendSpoilt(
  response: ServerResponse,
  mode: NonNullable<Misbehaviour['mode']>,
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
): void {
  switch (mode) {
    case 'hang':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'cut':
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
      response.write(text.slice(0, text.length / 2), () => response.socket?.resetAndDestroy());
      return;
    case 'drip':
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
      repeat(response, 1_000, (count) => response.write(text[count % text.length] ?? ' '));
      return;
    case 'drip-headers':
      repeat(response, 1_000, (count) => response.socket?.write('HTTP/1.1 200 OK\r\nx-slow: '[count] ?? 'y'));
      return;
    case 'endless':
      response.writeHead(status, headers);
      repeat(response, 0, () => response.write(' '.repeat(16 * 1024)));
      return;
  }
}

function repeat(response: ServerResponse, everyMs: number, step: (count: number) => void): void {
  // The caller may have left while the answer took its time.
  if (response.destroyed) return;
  let count = 0;
  const timer = setInterval(() => step(count++), everyMs);
  response.once('close', () => clearInterval(timer));
}
