// What was last seen, in memory: so many entries and bytes at most, the least recently used go first. An entry that was
// not asked for in a while is dropped, because it holds personal data.

import { LRUCache } from 'lru-cache';
import type { Snapshot, Staleness } from '../invitation/snapshot.ts';
import { bytesOf, bytesOfText } from './weight.ts';

export interface Entry {
  /** Null where the provider knew no such invitation. */
  readonly snapshot: Snapshot | null;
  /** Whether it was read with its extras, where its kind has any. */
  readonly withExtras: boolean;
  /** When it was seen, on the clock that never goes back. */
  readonly seenAt: number;
  /** For how long it is fresh where the caller does not say, in milliseconds. */
  readonly freshMs: number;
  /** Why it could not be read when it should have been; null where it was shown as fresh ever since. */
  staleness: Staleness | null;
  /** When the notification was received that was applied to it, on the same clock. */
  readonly overlaidAt?: number;
  /** The last one that was read with extras, where this one was read without and says the same. */
  readonly lastWithExtras?: Entry | undefined;
}

export interface StoreLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export type Store = Pick<LRUCache<string, Entry>, 'get' | 'peek' | 'set' | 'delete' | 'calculatedSize' | 'purgeStale'>;

/** The cache looks at the clock once in so many milliseconds: it does so for every entry that it gives. */
const CLOCK_RESOLUTION_MS = 60_000;

/**
 * @param forgetMs An entry that was not asked for in so many milliseconds is not given any more, two minutes later at
 *   most; `purgeStale` frees it.
 * @param now The clock of `seenAt`.
 */
export function createStore({ maxEntries, maxBytes }: StoreLimits, forgetMs: number, now: () => number): Store {
  return new LRUCache<string, Entry>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => bytesOfText(key) + bytesOfEntry(entry),
    // What its clock is behind is no reason to forget an entry early.
    ttl: forgetMs + CLOCK_RESOLUTION_MS,
    updateAgeOnGet: true,
    ttlResolution: 0,
    perf: { now: coarse(now) },
  });
}

function coarse(now: () => number): () => number {
  let at: number | undefined;
  return () => {
    if (at === undefined) {
      at = now();
      setTimeout(() => {
        at = undefined;
      }, CLOCK_RESOLUTION_MS).unref();
    }
    return at;
  };
}

function bytesOfEntry({ snapshot, lastWithExtras }: Entry): number {
  const bytes = ENTRY_BYTES + (snapshot === null ? 0 : bytesOf(snapshot));
  return lastWithExtras === undefined ? bytes : bytes + bytesOfEntry(lastWithExtras);
}

// The entry, its place in the cache and in its map. The fixed arrays of the cache are not in it: 48 bytes for each of
// maxEntries.
const ENTRY_BYTES = 136;
