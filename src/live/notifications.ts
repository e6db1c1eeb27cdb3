// What a provider's notification sets off: the invitation is read again, at most once a second each. Where the quota
// does not allow that now, what the notification says is laid over what is known and shown meanwhile; it is signed, but
// nothing in it tells when it was sent, so that only the read that follows is believed for good.

import type { Invitation } from '../invitation/invitation.ts';
import { keyOf, type Ref } from '../invitation/ref.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';

export interface Notice {
  /** The invitations it speaks of. */
  readonly refs: readonly Ref[];
  /** What it says, laid over what was known; gives back the same object where that says nothing. */
  readonly overlay: (invitation: Invitation) => Invitation;
}

export interface Notifications {
  /** @returns false where too much waits already: the provider is to send it again. */
  receive(notice: Notice): boolean;
}

const MAX_WAITING = 10_000;
const ONCE_MS = 1_000;

export function createNotifications(snapshots: Snapshots): Notifications {
  /** Read within the last second: the newest notice since waits here for the second to be over. */
  const recent = new Map<string, { ref: Ref; overlay: Notice['overlay'] } | null>();

  function handle(ref: Ref, overlay: Notice['overlay']): void {
    const key = keyOf(ref);
    if (recent.has(key)) {
      snapshots.overlay(ref, overlay);
      recent.set(key, { ref, overlay });
      return;
    }
    recent.set(key, null);
    setTimeout(() => {
      const waiting = recent.get(key);
      recent.delete(key);
      if (waiting) handle(waiting.ref, waiting.overlay);
    }, ONCE_MS).unref();
    if (!snapshots.readSoon(ref)) snapshots.overlay(ref, overlay);
  }

  return {
    receive({ refs, overlay }) {
      if (recent.size >= MAX_WAITING) return false;
      // After the provider has its answer: it is not to wait for any of this.
      setImmediate(() => {
        for (const ref of refs) handle(ref, overlay);
      });
      return true;
    },
  };
}
