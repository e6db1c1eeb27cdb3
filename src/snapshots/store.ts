// What was last seen, in memory: so many entries and bytes at most, the least recently used go first. What no caller has
// asked for in a while is forgotten, because it holds personal data. One invitation may be in it under several names. One
// that is empty takes next to nothing, and no timer: there is one a tenant.

import { LRUCache } from 'lru-cache';
import type { Entry } from './entry.ts';
import type { StoreSpace } from './store-space.ts';
import { bytesOfSnapshot, bytesOfText } from './weight.ts';

export interface Store extends Pick<LRUCache<string, Entry>, 'get' | 'peek' | 'delete'> {
  /**
   * @param isAsked Whether a caller asks for it, so that it is kept for longer.
   * @returns whether it is kept: one that is too large is not.
   */
  set(key: string, entry: Entry, isAsked?: boolean): boolean;
  /** The keys under which an invitation may be found, by its key as a whole. */
  keysOf(whole: string): readonly string[];
  /** Bytes of what is in it. */
  readonly calculatedSize: number;
  /** Keeps nothing more, and gives its space back. */
  stop(): void;
}

/** How often entries that no caller asks for any more are freed, in milliseconds. */
const PURGE_MS = 60_000;

/** The cache looks at the clock once in so many milliseconds: it does so for every entry that it gives. */
const CLOCK_RESOLUTION_MS = 60_000;

/**
 * @param forgetMs An entry that no caller has asked for in so many milliseconds is not given any more, two minutes later at
 *   most; it is freed a minute after that.
 * @param now The clock of `seenAt`.
 * @param onForget Told of each key that has no entry any more.
 */
export function createStore(
  space: StoreSpace,
  forgetMs: number,
  now: () => number,
  onForget?: (key: string, last: Entry) => void,
): Store {
  /** By an invitation's key as a whole, its other keys that are in use. */
  const others = new Map<string, readonly string[]>();
  const cache = new LRUCache<string, Entry>({
    // Not `max`: the cache would make room for so many at once.
    maxSize: space.maxBytes,
    // What its clock is behind is no reason to forget an entry early.
    ttl: forgetMs + CLOCK_RESOLUTION_MS,
    updateAgeOnGet: true,
    ttlResolution: 0,
    perf: { now: coarse(now) },
    dispose(entry, key, reason) {
      if (reason === 'set') return;
      if (key !== entry.whole || others.size > 0) forgetName(entry.whole, key);
      onForget?.(key, entry);
    },
  });

  space.join(cache);
  let purging: NodeJS.Timeout | undefined;
  let isStopped = false;

  function purge(): void {
    cache.purgeStale();
    if (cache.size > 0) return;
    clearInterval(purging);
    purging = undefined;
  }

  function forgetName(whole: string, key: string): void {
    const keys = others.get(whole)?.filter((each) => each !== key);
    if (keys?.length) others.set(whole, keys);
    else others.delete(whole);
  }

  return {
    get: (key) => cache.get(key),
    peek: (key) => cache.peek(key),
    delete: (key) => cache.delete(key),
    set(key, entry, isAsked = true) {
      if (isStopped) return false;
      const { whole } = entry;
      const size = bytesOf(entry, key);
      const isKept = size <= space.maxBytes;
      cache.set(key, entry, { noUpdateTTL: !isAsked, size });
      space.grown();
      purging ??= setInterval(purge, PURGE_MS).unref();
      if (key === whole) return isKept;
      const keys = others.get(whole) ?? [];
      if (!isKept) forgetName(whole, key);
      else if (!keys.includes(key)) others.set(whole, [...keys, key]);
      return isKept;
    },
    keysOf: (whole) => [whole, ...(others.get(whole) ?? [])],
    get calculatedSize() {
      return cache.calculatedSize;
    },
    stop() {
      isStopped = true;
      clearInterval(purging);
      space.leave(cache);
    },
  };
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

function bytesOf(entry: Entry, key: string): number {
  return bytesOfText(key) + bytesOfEntry(entry) + bytesOfName(entry, key) + bytesOfWish(entry);
}

function bytesOfEntry({ snapshot, lastWithExtras }: Entry): number {
  const bytes = ENTRY_BYTES + (snapshot === null ? 0 : bytesOfSnapshot(snapshot));
  return lastWithExtras === undefined ? bytes : bytes + bytesOfEntry(lastWithExtras);
}

/** What it takes that an invitation is found by another key than the one as a whole. */
function bytesOfName({ whole }: Entry, key: string): number {
  return key === whole ? 0 : NAME_BYTES + bytesOfText(whole);
}

/** What may change is kept fresh while callers look at it (wishes.ts). */
function bytesOfWish({ snapshot }: Entry): number {
  return snapshot === null || snapshot.isFinal ? 0 : WISH_BYTES;
}

// The entry, its place in the map of the cache and in its seven lists.
const ENTRY_BYTES = 256;
// The list of keys, its place in a map, and what is left of how its text was put together.
const NAME_BYTES = 180;
// The wish, its place in the map and the list of wishes, and in the order.
const WISH_BYTES = 440;
