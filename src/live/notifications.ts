// What a provider's notification sets off: the invitation is read again, at most once a second each. Where the quota
// does not allow that now, what the notification says is laid over what is known and shown meanwhile; it is signed, but
// nothing in it tells when it was sent, so that only the read that follows is believed for good.

import type { Snapshot } from '../invitation/invitation.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Notification } from '../providers/provider.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { Watcher } from './watcher.ts';

export interface Notifications {
  /** @returns false where too much waits already: the provider is to send it again. */
  receive(notification: Notification): boolean;
  /** Another process was told, and reads: its word is shown here until then. */
  show(notification: Notification): void;
  /** Whether the invitation calls back an address at which notifications were seen to come. */
  isNotified(ref: Ref): boolean;
}

interface Notice {
  readonly ref: Ref;
  readonly overlay: Notification['overlay'];
  /** On the clock that never goes back. */
  readonly heardAt: number;
}

const MAX_WAITING = 10_000;
const ONCE_MS = 1_000;
const PATIENCE_MS = 500;
const MAX_ADDRESSES = 1_000;

export function createNotifications(snapshots: Snapshots, watcher: Pick<Watcher, 'find'>): Notifications {
  /** Read within the last second: the newest notice since waits here for the second to be over. */
  const recent = new Map<string, Notice | null>();
  /** The last one of each invitation that is being read because of one. */
  const newest = new Map<string, Notice>();
  /** Callback addresses at which notifications were seen to come. */
  const addresses = new Set<string>();

  function noteAddress(ref: Ref): void {
    const address = addressOf(snapshots.peek(ref));
    if (address !== null && addresses.size < MAX_ADDRESSES) addresses.add(address);
  }

  function handle(notice: Notice): void {
    const { ref } = notice;
    const { key } = ref;
    newest.set(key, notice);
    if (recent.has(key)) {
      show(notice);
      recent.set(key, notice);
      return;
    }
    recent.set(key, null);
    setTimeout(() => {
      const waiting = recent.get(key);
      recent.delete(key);
      if (waiting) handle(waiting);
    }, ONCE_MS).unref();
    // A provider that is slow, or down, is not waited for.
    const impatience = setTimeout(() => show(notice), PATIENCE_MS);
    void snapshots.readSoon(ref).then((isRead) => {
      clearTimeout(impatience);
      if (!isRead) show(notice);
      if (newest.get(key) === notice) newest.delete(key);
      noteAddress(ref);
    });
  }

  /** Unless a newer one has come by now. */
  function show(notice: Notice): void {
    const { ref, overlay, heardAt } = notice;
    if (newest.get(ref.key) === notice) snapshots.overlay(ref, overlay, heardAt);
  }

  return {
    receive({ ref, names, overlay }) {
      if (recent.size >= MAX_WAITING) return false;
      // After the provider has its answer: it is not to wait for any of this.
      setImmediate(() => {
        const watched = watcher.find(names);
        const heardAt = performance.now();
        for (const each of watched.length === 0 ? [ref] : watched) handle({ ref: each, overlay, heardAt });
      });
      return true;
    },
    show({ names, overlay }) {
      for (const ref of watcher.find(names)) {
        snapshots.overlay(ref, overlay);
        noteAddress(ref);
      }
    },
    isNotified(ref) {
      const address = addressOf(snapshots.peek(ref));
      return address !== null && addresses.has(address);
    },
  };
}

/** Where the invitation calls back, without the query, which may name the invitation; null where it does not. */
function addressOf(snapshot: Snapshot | null): string | null {
  const url = snapshot?.type === 'SmartInvite' ? snapshot.callbackUrl : null;
  return url === null ? null : (url.split(/[?#]/, 1)[0] ?? null);
}
