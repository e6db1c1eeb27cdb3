// The bytes of a request's body, up to a limit. They are counted here, where they are read: a stream transform in
// between would cost a third of the server's speed on small requests.

import type { IncomingMessage } from 'node:http';

/** Most bytes of the body of a GraphQL request. */
export const MAX_BODY_BYTES = 100 * 1024;

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/**
 * Calls back once: with the body, or with BodyTooLarge at the first byte past `maxBytes` (at once where Content-Length
 * announces it), or with the stream's own error where the caller goes away in mid-body.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  callback: (error: Error | null, body: Buffer) => void,
) {
  let first: Buffer | undefined;
  let others: Buffer[] | undefined;
  let bytes = 0;
  let isOver = false;
  const finish = (error: Error | null, body: Buffer = NOTHING) => {
    if (isOver) return;
    isOver = true;
    callback(error, body);
  };
  if (Number(request.headers['content-length']) > maxBytes) return finish(new BodyTooLarge());
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      request.pause();
      finish(new BodyTooLarge());
    } else if (first === undefined) {
      first = chunk;
    } else {
      others ??= [first];
      others.push(chunk);
    }
  });
  request.on('end', () => finish(null, others === undefined ? first : Buffer.concat(others)));
  request.on('error', finish);
}

/** The same as a promise. @throws what `readBody` calls back with. */
export function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    readBody(request, maxBytes, (error, body) => (error === null ? resolve(body) : reject(error)));
  });
}

const NOTHING = Buffer.alloc(0);
