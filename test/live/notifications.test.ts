// What notifications set off, where a provider is slow and where too many come, on a clock that the test sets.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Invitation } from '../../src/invitation/invitation.ts';
import { ProviderTimeout } from '../../src/invitation/problem.ts';
import { createNotifications } from '../../src/live/notifications.ts';
import type { Account, Notification } from '../../src/providers/provider.ts';
import { createWebhookHandler } from '../../src/server/webhooks.ts';
import { createFakeSource, invite, pass, refTo, review, snapshotsOf } from '../snapshots/source.ts';

afterEach(() => vi.useRealTimers());

const nobodyWatches = { find: () => [] };

function says(id: string, rawStatus: string): Notification {
  const ref = refTo(id);
  return {
    ref,
    names: ({ key }) => key === ref.key,
    overlay: (invitation: Invitation) =>
      invitation.type === 'ReviewInvitation' ? { ...invitation, rawStatus } : invitation,
  };
}

/** On a clock that the test sets, `one` is known already. */
async function startKnowingOne() {
  vi.useFakeTimers();
  const source = createFakeSource();
  const shown: string[] = [];
  const { snapshots, ask } = snapshotsOf(source, {
    onChange: (_, snapshot) => void shown.push(String(snapshot.type === 'ReviewInvitation' && snapshot.rawStatus)),
  });
  const notifications = createNotifications(snapshots, nobodyWatches);
  await ask();
  return { source, shown, ask, notifications };
}

test('while the provider is slow, an older notice never takes the place of a newer one', async () => {
  const { source, shown, notifications } = await startKnowingOne();
  source.answer = () => new Promise(() => {});
  notifications.receive(says('one', 'first'));
  await pass(100);
  notifications.receive(says('one', 'second'));
  await pass(900);
  expect(shown).toEqual(['SENT', 'second']);
});

test('and neither does it when its read has failed at last', async () => {
  const { source, shown, notifications } = await startKnowingOne();
  source.answer = () => new Promise((_, reject) => setTimeout(() => reject(new ProviderTimeout('PARTOO')), 4_000));
  notifications.receive(says('one', 'first'));
  await pass(700);
  notifications.receive(says('one', 'second'));
  await pass(20_000);
  expect(shown).toEqual(['SENT', 'first', 'second']);
});

test('a slow read that a notice set off is kept, whatever was laid over meanwhile', async () => {
  const { source, ask, notifications } = await startKnowingOne();
  source.answer = () =>
    new Promise((resolve) => setTimeout(() => resolve({ ...review(refTo('one'), 'DELIVERED') }), 700));
  notifications.receive(says('one', 'first'));
  await pass(600);
  expect(await ask()).toBe('first 600 stale');
  await pass(101);
  expect(await ask()).toMatch(/^DELIVERED \d$/);
  expect(source.reads).toHaveLength(2);
});

test('ten thousand wait at most, further ones are to be sent again, and in a second there is room', async () => {
  const { snapshots } = snapshotsOf(createFakeSource([{ limit: 1, windowMs: 60_000 }]));
  const notifications = createNotifications(snapshots, nobodyWatches);
  const account = {
    provider: 'CRONOFY',
    notifications: { isGenuine: () => true, read: (body: Buffer) => says(body.toString(), 'accepted') },
  } as unknown as Account;
  const handle = createWebhookHandler({ accounts: [account], notifications, onGenuine: () => {} });
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/cronofy`;
  const post = async (body: string) => (await fetch(url, { method: 'POST', body })).status;

  for (let n = 0; n < 9_999; n++) notifications.receive(says(`id-${n}`, 'accepted'));
  expect(await post('the last')).toBe(200);
  expect(await post('one too many')).toBe(503);
  await vi.waitUntil(async () => (await post('later')) === 200, { timeout: 5_000, interval: 100 });
});

test('an invite is notified where another with the same callback address was, whatever their queries say', async () => {
  const source = createFakeSource();
  const { snapshots, ask } = snapshotsOf(source);
  const notifications = createNotifications(snapshots, nobodyWatches);
  const callbacks: Record<string, string | null> = {
    one: 'https://gateway.example.com/webhooks/cronofy?invite=one',
    two: 'https://gateway.example.com/webhooks/cronofy?invite=two',
    other: 'https://other.example.com/webhooks/cronofy',
    none: null,
  };
  source.answer = (ref) => {
    const id = ref.type === 'ReviewInvitation' ? ref.invitationId : '';
    return { ...invite('pending'), callbackUrl: callbacks[id] ?? null };
  };
  for (const id of Object.keys(callbacks)) await ask(refTo(id));
  const isNotified = () => Object.keys(callbacks).filter((id) => notifications.isNotified(refTo(id)));
  expect(isNotified()).toEqual([]);
  notifications.receive(says('one', 'accepted'));
  await vi.waitUntil(() => isNotified().length > 0);
  expect(isNotified()).toEqual(['one', 'two']);
});
