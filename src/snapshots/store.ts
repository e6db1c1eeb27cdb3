// What was last seen, in memory: so many entries and bytes at most, the least recently used go first.

import { LRUCache } from 'lru-cache';
import type { Invitation, Snapshot } from '../invitation/invitation.ts';

export interface Entry {
  /** Null where the provider knew no such invitation. */
  readonly snapshot: Snapshot | null;
  /** When it was seen, on the clock that never goes back. */
  readonly seenAt: number;
  /** A read has failed since: what is here is older than was wanted. */
  hasFailed: boolean;
}

export interface StoreLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** How long anything is kept, in milliseconds. */
  readonly ttlMs: number;
}

export type Store = Pick<LRUCache<string, Entry>, 'get' | 'set' | 'delete'>;

export function createStore({ maxEntries, maxBytes, ttlMs }: StoreLimits): Store {
  return new LRUCache<string, Entry>({
    max: maxEntries,
    maxSize: maxBytes,
    ttl: ttlMs,
    sizeCalculation: ({ snapshot }, key) =>
      2 * key.length + (snapshot === null ? 0 : bytesOf(snapshot.invitation)) + 200,
  });
}

// Two bytes a character of everything it holds, its structure counted along.
function bytesOf(invitation: Invitation): number {
  return 2 * JSON.stringify(invitation).length;
}
