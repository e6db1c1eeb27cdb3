// Of which invitations notifications were received lately, and when. A read that began before, here or in another process,
// may bring what was then: it is known by this, also where nothing was known of the invitation when it was notified.

import { LRUCache } from 'lru-cache';

export interface Notices {
  /** A notification was received, then, of the invitation of this key as a whole. */
  note(whole: string, heardAt: number): void;
  /** When the last one was; -Infinity where there was none lately. */
  lastOf(whole: string): number;
}

/** Longer than any read takes, with its wait for quota. */
const LATELY_MS = 60_000;

const MAX_NOTICES = 20_000;

/** @param now The clock of the moments. */
export function createNotices(now: () => number): Notices {
  const notices = new LRUCache<string, number>({
    // Not `max`: the cache would make room for so many at once.
    maxSize: MAX_NOTICES,
    sizeCalculation: () => 1,
    ttl: LATELY_MS,
    perf: { now },
  });
  return {
    note: (whole, heardAt) => void notices.set(whole, Math.max(heardAt, notices.get(whole) ?? heardAt)),
    lastOf: (whole) => notices.get(whole) ?? Number.NEGATIVE_INFINITY,
  };
}
