// What a caller is called where operators look: the same in the log and on the page of one process, and nowhere else. Who knows
// an address or a subject cannot tell by it whether that one has called, because the key is the process's own.

import { createHmac, randomBytes } from 'node:crypto';

/** Characters of it: two callers of a process share one by accident in 2^33. */
const LENGTH = 11;

/** @returns what digests a viewer's id. */
export function createViewerDigest(): (viewerId: string) => string {
  const key = randomBytes(32);
  return (viewerId) => createHmac('sha256', key).update(viewerId).digest('base64url').slice(0, LENGTH);
}
