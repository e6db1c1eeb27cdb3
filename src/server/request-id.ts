// The name of a request, by which a caller and an operator speak of the same one: what the caller, or the proxy in between,
// calls it in X-Request-Id, where that is plausible; else one of our own.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const REQUEST_ID = 'x-request-id';

/** UUIDs, ULIDs, digests and the like. No address fits. */
const PLAUSIBLE = /^[\w-]{8,64}$/;

// Of one process, so that those that several processes make are told apart.
const prefix = randomBytes(6).toString('hex');
let made = 0;

export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers[REQUEST_ID];
  return typeof given === 'string' && PLAUSIBLE.test(given) ? given : newRequestId();
}

export function newRequestId(): string {
  made += 1;
  return `${prefix}-${made.toString(36).padStart(6, '0')}`;
}
