// Keeps an invitation fresh for as long as a stream subscribes to it, and knows by which names each invitation is watched.
// How often it is read, and before what else, is not decided here: streams and queries share one order.

import type { Ref } from '../invitation/ref.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { CallbackAddresses } from './callback-addresses.ts';
import type { Changes } from './changes.ts';
import { type Watched, WatchedRefs } from './watched.ts';

export interface Watcher {
  /** @returns a function that ends it; the last one to end it stops the reads. */
  watch(ref: Ref): () => void;
  /** Every invitation that is watched is read again, because changes may have been missed. */
  rereadAll(): void;
  /** The refs that are watched and name the same invitation as this one. */
  namesOf(ref: Ref): readonly Ref[];
}

export interface WatcherOptions {
  readonly snapshots: Pick<Snapshots, 'want' | 'watch' | 'reconsider'>;
  readonly changes: Pick<Changes, 'subscribeToAll'>;
  readonly addresses: Pick<CallbackAddresses, 'onSilent'>;
  readonly now?: () => number;
}

export function createWatcher(options: WatcherOptions): Watcher {
  const { snapshots, changes, addresses, now = () => performance.now() } = options;
  const watched = new WatchedRefs();

  function drop(one: Watched): void {
    if (watched.get(one.ref.key) !== one) return;
    watched.delete(one);
    snapshots.watch(one.ref, -one.watchers);
  }

  changes.subscribeToAll((ref, snapshot, _, seenAt) => {
    const one = watched.get(ref.key);
    if (one !== undefined && snapshot.isFinal) drop(one);
    // By its other names the same invitation has changed too; not where it was read since.
    for (const other of watched.namesOf(ref)) {
      if (other.key !== ref.key) snapshots.want(other, now() - seenAt);
    }
  });

  // What was put off for being notified is due as ever.
  addresses.onSilent(() => {
    for (const { ref } of watched.all()) snapshots.reconsider(ref);
  });

  return {
    watch(ref) {
      let one = watched.get(ref.key);
      if (one === undefined) {
        one = { ref, watchers: 0 };
        watched.add(one);
      }
      const mine = one;
      mine.watchers += 1;
      snapshots.watch(ref, 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        if (mine.watchers === 1) return drop(mine);
        mine.watchers -= 1;
        if (watched.get(ref.key) === mine) snapshots.watch(ref, -1);
      };
    },
    rereadAll() {
      for (const { ref } of watched.all()) snapshots.want(ref);
    },
    namesOf: (ref) => watched.namesOf(ref),
  };
}
