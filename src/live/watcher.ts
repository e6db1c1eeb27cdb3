// Keeps an invitation fresh while somebody subscribes to it, by wishing for reads: soon after it was first watched or
// has changed, then ever more slowly. How many of the wishes come true is for the quota to say, and it stretches them
// evenly. Where the provider notifies us, reading is only a safety net.

import type { Snapshot } from '../invitation/invitation.ts';
import type { Ref } from '../invitation/ref.ts';

export interface Watcher {
  /** @returns a function that ends it; the last one to end it stops the reads. */
  watch(ref: Ref): () => void;
  /** What is known of it has changed: it may change again soon, unless what was known is just confirmed (`isNew` false). */
  changed(ref: Ref, snapshot: Snapshot, isNew: boolean): void;
  /** Every invitation that is watched is read again, because changes may have been missed. */
  rereadAll(): void;
  /** The refs that are watched, of those that `matches` takes. */
  find(matches: (ref: Ref) => boolean): Ref[];
  stop(): void;
}

export interface WatcherOptions {
  /** Asks for a read as the quota allows, of what was not read within `withinMs`: by another process, say. */
  readonly want: (ref: Ref, withinMs: number) => void;
  /** Whether we are known to be notified of its changes. */
  readonly isNotified: (ref: Ref) => boolean;
  readonly now?: () => number;
}

const SOONEST_MS = 5_000;
const LATEST_MS = 60_000;
const GROWTH = 1.5;
const SAFETY_MS = 300_000;
const TICK_MS = 1_000;

interface Watched {
  readonly ref: Ref;
  watchers: number;
  intervalMs: number;
  dueAt: number;
  /** What is shown is only probably true: a notification is not enough then. */
  isStale: boolean;
}

export function createWatcher({ want, isNotified, now = () => performance.now() }: WatcherOptions): Watcher {
  const watched = new Map<string, Watched>();
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    for (const one of watched.values()) {
      if (one.dueAt > now()) continue;
      want(one.ref, one.isStale ? 0 : one.intervalMs / 2);
      one.intervalMs = isSafe(one) ? SAFETY_MS : Math.min(one.intervalMs * GROWTH, LATEST_MS);
      one.dueAt = now() + one.intervalMs;
    }
  }

  function isSafe({ ref, isStale }: Watched): boolean {
    return isNotified(ref) && !isStale;
  }

  function drop(key: string): void {
    watched.delete(key);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    watch(ref) {
      const key = ref.key;
      const one = watched.get(key) ?? {
        ref,
        watchers: 0,
        intervalMs: SOONEST_MS,
        dueAt: now() + SOONEST_MS,
        isStale: false,
      };
      one.watchers += 1;
      watched.set(key, one);
      timer ??= setInterval(tick, TICK_MS).unref();
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        one.watchers -= 1;
        if (one.watchers === 0 && watched.get(key) === one) drop(key);
      };
    },
    changed(ref, snapshot, isNew) {
      const key = ref.key;
      const one = watched.get(key);
      if (one === undefined) return;
      if (snapshot.isFinal) return drop(key);
      one.isStale = snapshot.isStale;
      if (isNew) one.intervalMs = SOONEST_MS;
      if (isSafe(one)) one.dueAt = now() + SAFETY_MS;
      else if (isNew) one.dueAt = Math.min(one.dueAt, now() + SOONEST_MS);
    },
    rereadAll() {
      for (const { ref } of watched.values()) want(ref, 0);
    },
    find: (matches) => (watched.size === 0 ? [] : [...watched.values()].map(({ ref }) => ref).filter(matches)),
    stop: () => clearInterval(timer),
  };
}
