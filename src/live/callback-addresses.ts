// The callback addresses at which notifications were seen to arrive: an invitation that calls back one of them need not
// be read as often. That is evidence, and no promise: it is forgotten after a while, and where a read finds a change that
// was not notified, before, nor soon after.

import { LRUCache } from 'lru-cache';
import { kindOf } from '../invitation/kinds.ts';
import { type Ref, wholeKeyOf } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { Changes } from './changes.ts';

export interface CallbackAddresses {
  /** A notification of this invitation has arrived. */
  note(ref: Ref): void;
  /** Whether the invitation calls back an address at which notifications were seen to arrive. */
  isNotified(snapshot: Snapshot): boolean;
  /** Told when an address turns out to be notified no more. */
  onSilent(listener: () => void): void;
}

const MAX_ADDRESSES = 1_000;
/** For how long the last notification shows that the address works. */
const EVIDENCE_MS = 3_600_000;
/** How much later than the change itself its notification may be. */
const GRACE_MS = 30_000;

export function createCallbackAddresses(
  snapshots: Pick<Snapshots, 'peek'>,
  changes: Pick<Changes, 'subscribeToAll'>,
): CallbackAddresses {
  const working = new LRUCache<string, true>({
    // Not `max`: the cache would make room for so many at once.
    maxSize: MAX_ADDRESSES,
    sizeCalculation: () => 1,
    ttl: EVIDENCE_MS,
    perf: { now: () => performance.now() },
  });
  /** Changes that reads found and whose notification is still to come, by the invitation's key as a whole. */
  const unannounced = new Map<string, NodeJS.Timeout>();
  const listeners: (() => void)[] = [];

  /** Without the query, which may name the invitation; null where it does not call back. */
  function addressOf(snapshot: Snapshot | null): string | null {
    const callback = snapshot && kindOf(snapshot).callbackOf(snapshot);
    return callback?.split(/[?#]/, 1)[0] ?? null;
  }

  function announce(whole: string): void {
    clearTimeout(unannounced.get(whole));
    unannounced.delete(whole);
  }

  changes.subscribeToAll((ref, snapshot, news) => {
    // That its time has come is no change that anybody is notified of.
    if (news !== 'found' || snapshot.isFinal) return;
    const [address, whole] = [addressOf(snapshot), wholeKeyOf(ref)];
    if (address === null || !working.has(address) || unannounced.has(whole)) return;
    const giveUp = () => {
      unannounced.delete(whole);
      if (working.delete(address)) for (const listener of listeners) listener();
    };
    unannounced.set(whole, setTimeout(giveUp, GRACE_MS).unref());
  });

  return {
    note(ref) {
      announce(wholeKeyOf(ref));
      const address = addressOf(snapshots.peek(ref));
      if (address !== null) working.set(address, true);
    },
    isNotified(snapshot) {
      // It is asked for everything that is read.
      if (working.size === 0) return false;
      const address = addressOf(snapshot);
      return address !== null && working.has(address);
    },
    onSilent: (listener) => void listeners.push(listener),
  };
}
