// Notifications of a provider, and snapshots of what it tells of.

import { vi } from 'vitest';
import type { Invitation } from '../../src/invitation/kinds.ts';
import { isSameInvitation, type Ref } from '../../src/invitation/ref.ts';
import { createCallbackAddresses } from '../../src/live/callback-addresses.ts';
import { createChanges } from '../../src/live/changes.ts';
import { createNotifications, type Notifications } from '../../src/live/notifications.ts';
import type { SharedNotifications } from '../../src/live/redis-notifications.ts';
import type { Account } from '../../src/providers/provider.ts';
import type { Snapshots } from '../../src/snapshots/snapshots.ts';
import { smartInviteRef } from '../refs.ts';
import { createFakeSource, refTo, snapshotsOf } from '../snapshots/source.ts';

/** A provider whose notifications are two words: the id of a review invitation and its status, or `invite` and an id. */
export const account = {
  provider: 'CRONOFY',
  notifications: {
    isGenuine: (body: Buffer) => body.length > 0,
    read(body: Buffer) {
      const [id = '', word = ''] = body.toString().split(' ');
      if (id === 'nothing') return null;
      const ref = id === 'invite' ? smartInviteRef('US', word, 'a@example.com') : refTo(id);
      return { ref, overlay: (invitation: Invitation) => ({ ...invitation, rawStatus: word }) };
    },
  },
} as unknown as Account;

interface Others {
  readonly watched?: readonly Ref[];
  readonly shared?: SharedNotifications;
  readonly onIgnored?: () => void;
}

export function notificationsOf(snapshots: Snapshots, { watched = [], shared, onIgnored = () => {} }: Others = {}) {
  const addresses = createCallbackAddresses(snapshots, createChanges());
  const watcher = { namesOf: (ref: Ref) => watched.filter((each) => isSameInvitation(each, ref)) };
  return {
    addresses,
    notifications: createNotifications({ accounts: [account], snapshots, watcher, addresses, shared, onIgnored }),
  };
}

export const receive = (notifications: Notifications, text: string) =>
  notifications.receive('CRONOFY', Buffer.from(text), {});

/** On a clock that the test sets, `one` is known already. */
export async function startKnowingOne(others?: Others) {
  vi.useFakeTimers();
  const source = createFakeSource();
  const shown: string[] = [];
  const { snapshots, ask } = snapshotsOf(source, {
    onChange: (_, snapshot) => void shown.push(String(snapshot.rawStatus)),
  });
  const { notifications } = notificationsOf(snapshots, others);
  await ask();
  return { snapshots, source, shown, ask, notifications };
}
