// The callback addresses at which notifications were seen to arrive: an invitation that calls back one of them need not
// be read as often.

import { kindOf } from '../invitation/kinds.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';

export interface CallbackAddresses {
  /** A notification of this invitation has arrived. */
  note(ref: Ref): void;
  /** Whether the invitation calls back an address at which notifications were seen to arrive. */
  isNotified(ref: Ref): boolean;
}

const MAX_ADDRESSES = 1_000;

export function createCallbackAddresses(snapshots: Pick<Snapshots, 'peek'>): CallbackAddresses {
  const addresses = new Set<string>();

  /** Without the query, which may name the invitation; null where it does not call back. */
  function addressOf(ref: Ref): string | null {
    const snapshot = snapshots.peek(ref);
    const url = snapshot && kindOf(snapshot).callbackUrlOf(snapshot);
    return url?.split(/[?#]/, 1)[0] ?? null;
  }

  return {
    note(ref) {
      const address = addressOf(ref);
      if (address !== null && addresses.size < MAX_ADDRESSES) addresses.add(address);
    },
    isNotified(ref) {
      const address = addressOf(ref);
      return address !== null && addresses.has(address);
    },
  };
}
