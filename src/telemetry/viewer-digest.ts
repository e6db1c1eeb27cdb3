// The name of a viewer where operators look: the same in the log and on the pages of one process, another one in the next,
// and nobody can work out whose it is without the key, which goes with the process.

import { createHmac, randomBytes } from 'node:crypto';

const key = randomBytes(32);
const LENGTH = 11;

/** @param viewerId See `Viewer.id`: it names a person, or is an address. */
export function digestOfViewer(viewerId: string): string {
  return createHmac('sha256', key).update(viewerId).digest('base64url').slice(0, LENGTH);
}
