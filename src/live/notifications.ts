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

const MAX_WAITING = 10_000;
const ONCE_MS = 1_000;
const PATIENCE_MS = 500;
const MAX_ADDRESSES = 1_000;

export function createNotifications(snapshots: Snapshots, watcher: Pick<Watcher, 'find'>): Notifications {
  /** Read within the last second: the newest notice since waits here for the second to be over. */
  const recent = new Map<string, { ref: Ref; overlay: Notification['overlay'] } | null>();

  const addresses = new Set<string>();

  function noteAddress(ref: Ref): void {
    const address = addressOf(snapshots.peek(ref));
    if (address !== null && addresses.size < MAX_ADDRESSES) addresses.add(address);
  }

  function handle(ref: Ref, overlay: Notification['overlay']): void {
    const key = ref.key;
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
    // By then another notice may have come.
    const showNewest = () => snapshots.overlay(ref, (recent.get(key) ?? { overlay }).overlay);
    // A provider that is slow, or down, is not waited for.
    const impatience = setTimeout(showNewest, PATIENCE_MS);
    void snapshots.readSoon(ref).then((isRead) => {
      clearTimeout(impatience);
      if (!isRead) showNewest();
      noteAddress(ref);
    });
  }

  return {
    receive({ ref, names, overlay }) {
      if (recent.size >= MAX_WAITING) return false;
      // After the provider has its answer: it is not to wait for any of this.
      setImmediate(() => {
        const watched = watcher.find(names);
        for (const each of watched.length === 0 ? [ref] : watched) handle(each, overlay);
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
