// Keeps an invitation fresh while a stream subscribes to it, by asking for background reads: soon after it was first
// watched or has changed, then ever more slowly. The quota decides how many of them are made, and spreads them evenly.
// Where the provider notifies us, reading is only a safety net.

import { isSameInvitation, type Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { News } from '../snapshots/known.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { CallbackAddresses } from './callback-addresses.ts';
import type { Changes } from './changes.ts';

export interface Watcher {
  /** @returns a function that ends it; the last one to end it stops the reads. */
  watch(ref: Ref): () => void;
  /** Every invitation that is watched is read again, because changes may have been missed. */
  rereadAll(): void;
  /** The refs that are watched, of those that `matches` takes. */
  find(matches: (ref: Ref) => boolean): Ref[];
  stop(): void;
}

export interface WatcherOptions {
  readonly snapshots: Pick<Snapshots, 'want'>;
  readonly changes: Pick<Changes, 'subscribeToAll'>;
  readonly addresses: Pick<CallbackAddresses, 'isNotified' | 'onSilent'>;
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
  /** Its state is not confirmed: a notification gave it, and a read must follow. */
  isStale: boolean;
}

export function createWatcher(options: WatcherOptions): Watcher {
  const { snapshots, changes, addresses, now = () => performance.now() } = options;
  const watched = new Map<string, Watched>();
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    for (const one of watched.values()) {
      if (one.dueAt > now()) continue;
      snapshots.want(one.ref, one.isStale ? 0 : one.intervalMs / 2);
      one.intervalMs = isSafe(one) ? SAFETY_MS : Math.min(one.intervalMs * GROWTH, LATEST_MS);
      one.dueAt = now() + one.intervalMs;
    }
  }

  function isSafe({ ref, isStale }: Watched): boolean {
    return addresses.isNotified(ref) && !isStale;
  }

  function drop(key: string): void {
    watched.delete(key);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  function find(matches: (ref: Ref) => boolean): Ref[] {
    const found: Ref[] = [];
    for (const { ref } of watched.values()) if (matches(ref)) found.push(ref);
    return found;
  }

  /** It may change again soon, unless what was known is only confirmed. */
  function heed({ key }: Ref, snapshot: Snapshot, news: News): void {
    const one = watched.get(key);
    if (one === undefined) return;
    if (snapshot.isFinal) {
      drop(key);
      return;
    }
    one.isStale = snapshot.staleness !== null;
    if (news !== 'confirmed') one.intervalMs = SOONEST_MS;
    if (isSafe(one)) one.dueAt = now() + SAFETY_MS;
    else if (news !== 'confirmed') one.dueAt = Math.min(one.dueAt, now() + SOONEST_MS);
  }

  changes.subscribeToAll((ref, snapshot, news, seenAt) => {
    heed(ref, snapshot, news);
    // By its other names the same invitation has changed too; not where it was read since.
    for (const other of find((each) => each.key !== ref.key && isSameInvitation(each, ref))) {
      snapshots.want(other, now() - seenAt);
    }
  });

  // What was put off for being notified is due as ever.
  addresses.onSilent(() => {
    for (const one of watched.values()) {
      if (isSafe(one)) continue;
      one.intervalMs = Math.min(one.intervalMs, LATEST_MS);
      one.dueAt = Math.min(one.dueAt, now() + one.intervalMs);
    }
  });

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
    rereadAll() {
      for (const { ref } of watched.values()) snapshots.want(ref, 0);
    },
    find,
    stop: () => clearInterval(timer),
  };
}
