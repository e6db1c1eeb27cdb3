// The effect of notifications, where a provider is slow and where too many come, on a clock that the test sets.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { ProviderTimeout } from '../../src/invitation/problem.ts';
import type { Ref } from '../../src/invitation/ref.ts';
import { createWebhookHandler } from '../../src/server/webhooks.ts';
import { exposition } from '../../src/telemetry/metrics/exposition.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { smartInviteRef } from '../refs.ts';
import { createFakeSource, inviteTo, pass, refTo, review, snapshotsOf } from '../snapshots/source.ts';
import { samplesIn } from '../telemetry/metrics/collected.ts';
import { notificationsOf, receive, startKnowingOne } from './notifying.ts';

afterEach(() => vi.useRealTimers());

test('an older notification never replaces a newer one while the provider is slow', async () => {
  const { source, shown, notifications } = await startKnowingOne();
  source.answer = () => new Promise(() => {});
  receive(notifications, 'one first');
  await pass(100);
  receive(notifications, 'one second');
  await pass(900);
  expect(shown).toEqual(['SENT', 'second']);
});

test('an older notification never replaces a newer one after its read has failed', async () => {
  const { source, shown, notifications } = await startKnowingOne();
  source.answer = () => new Promise((_, reject) => setTimeout(() => reject(new ProviderTimeout('PARTOO')), 4_000));
  receive(notifications, 'one first');
  await pass(700);
  receive(notifications, 'one second');
  await pass(20_000);
  expect(shown).toEqual(['SENT', 'first', 'second']);
});

test('a slow read that a notification started is kept, though a later overlay exists', async () => {
  const { source, ask, notifications } = await startKnowingOne();
  source.answer = () =>
    new Promise((resolve) => setTimeout(() => resolve({ ...review(refTo('one'), 'DELIVERED') }), 700));
  receive(notifications, 'one first');
  await pass(600);
  expect(await ask()).toBe('first 600 stale');
  await pass(101);
  expect(await ask()).toMatch(/^DELIVERED \d$/);
  expect(source.reads).toHaveLength(2);
});

test('ten thousand wait at most, further ones are to be sent again and counted as such, and in a second there is room', async () => {
  // The second is over when the test says so, however long that many take.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { snapshots } = snapshotsOf(createFakeSource([{ limit: 1, windowMs: 60_000 }]));
  const { notifications } = notificationsOf(snapshots);
  const metrics = createMetrics(['CRONOFY', 'PARTOO']);
  const handle = createWebhookHandler(() => notifications, { notified: metrics.notified });
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/cronofy`;
  const post = async (body: string) => (await fetch(url, { method: 'POST', body })).status;

  for (let n = 0; n < 9_999; n++) receive(notifications, `id-${n} accepted`);
  expect(await post('last accepted')).toBe(200);
  expect(await post('one-too-many accepted')).toBe(503);
  vi.advanceTimersByTime(1_000);
  expect(await post('later accepted')).toBe(200);
  const samples = samplesIn((await Array.fromAsync(exposition(metrics.families, []))).join(''));
  const counted = (outcome: string) =>
    samples.get(`gateway_notifications_total{provider="CRONOFY",outcome="${outcome}"}`);
  expect([counted('accepted'), counted('busy'), counted('ignored'), counted('forged')]).toEqual([2, 1, 0, 0]);
});

test('an invite counts as notified where another invite with the same callback address was, whatever the query of the address', async () => {
  const source = createFakeSource();
  const { snapshots, ask } = snapshotsOf(source);
  const { addresses, notifications } = notificationsOf(snapshots);
  const callbacks: Record<string, string | null> = {
    one: 'https://gateway.example.com/webhooks/cronofy?invite=one',
    two: 'https://gateway.example.com/webhooks/cronofy?invite=two',
    other: 'https://other.example.com/webhooks/cronofy',
    none: null,
  };
  await ask(refTo('review'));
  source.answer = (ref) => {
    const invite = inviteTo(ref, 'pending');
    return { ...invite, callbackUrl: callbacks[invite.smartInviteId] ?? null };
  };
  const invitedTo = (id: string) => smartInviteRef('US', id, 'a@example.com');
  for (const id of Object.keys(callbacks)) await ask(invitedTo(id));
  const isNotifiedOf = (ref: Ref) => {
    const snapshot = snapshots.peek(ref);
    return snapshot !== null && addresses.isNotified(snapshot);
  };
  const isNotified = () => Object.keys(callbacks).filter((id) => isNotifiedOf(invitedTo(id)));
  expect(isNotified()).toEqual([]);
  receive(notifications, 'invite one');
  await vi.waitUntil(() => isNotified().length > 0);
  expect(isNotified()).toEqual(['one', 'two']);
  expect(isNotifiedOf(refTo('review'))).toBe(false);
});

test('a notification that the provider did not sign causes no read, in this process or in another', async () => {
  const share = vi.fn();
  const onIgnored = vi.fn();
  const { source, notifications } = await startKnowingOne({
    shared: { share, listen: async () => () => {} },
    onIgnored,
  });
  expect(receive(notifications, '')).toBe('forged');
  expect(notifications.receive('PARTOO', Buffer.from('one first'), {})).toBe('forged');
  expect(onIgnored).not.toHaveBeenCalled();
  expect(receive(notifications, 'nothing that concerns us')).toBe('ignored');
  expect(onIgnored).toHaveBeenCalledTimes(1);
  await pass(5_000);
  expect(source.reads).toHaveLength(1);
  expect(share).not.toHaveBeenCalled();

  expect(receive(notifications, 'one first')).toBe('accepted');
  await pass(5_000);
  expect(source.reads).toHaveLength(2);
  expect(share.mock.calls).toEqual([['CRONOFY', Buffer.from('one first'), expect.any(Number)]]);
});

test('the handler accepts only a provider that has an account and sends notifications', async () => {
  const { notifications } = await startKnowingOne();
  expect(['CRONOFY', 'PARTOO', 'NOBODY'].map(notifications.accepts)).toEqual([true, false, false]);
});

test('a flood of notifications costs one read a second for each name that callers ask for, and ends with the true state', async () => {
  const { source, ask, notifications } = await startKnowingOne();
  let truth = 'pending';
  source.answer = async (ref) => {
    const invite = inviteTo(ref, truth);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return invite;
  };
  const names = [null, 'a@example.com', 'b@example.com'].map((email) => smartInviteRef('US', 'board', email));
  source.reads.length = 0;
  const asked: Promise<unknown>[] = [];
  for (let n = 0; n < 300; n++) {
    receive(notifications, 'invite board');
    for (const name of names) asked.push(ask(name));
    if (n === 150) truth = 'accepted';
    await pass(10);
  }
  await pass(2_000);
  await Promise.all(asked);
  // Three seconds: the first one, and one after each second.
  for (const name of names) {
    expect(source.reads.filter(({ ref }) => ref.key === name.key).length).toBeLessThanOrEqual(5);
    const last = ask(name);
    await pass(100);
    expect(await last).toMatch(/^accepted \d+$/);
  }
});

test('an invite is read again by each name that it is watched by, and by the name in the notification where it is not watched', async () => {
  const names = [null, 'b@example.com'].map((email) => smartInviteRef('US', 'board', email));
  const others = [smartInviteRef('DE', 'board', null), smartInviteRef('US', 'else', null), refTo('board')];
  const { source, notifications } = await startKnowingOne({ watched: [...others, ...names] });
  source.reads.length = 0;
  receive(notifications, 'invite board');
  await pass(5_000);
  expect(source.reads.map(({ ref }) => ref)).toEqual(names);

  receive(notifications, 'invite unwatched');
  await pass(5_000);
  expect(source.reads.at(-1)?.ref).toEqual(smartInviteRef('US', 'unwatched', 'a@example.com'));
  expect(source.reads).toHaveLength(3);
});
