// At which addresses notifications are seen to arrive, and for how long that counts: on a clock of the test's own.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Ref } from '../../src/invitation/ref.ts';
import { type Snapshot, snapshotOf } from '../../src/invitation/snapshot.ts';
import { type CallbackAddresses, createCallbackAddresses } from '../../src/live/callback-addresses.ts';
import { createChanges } from '../../src/live/changes.ts';
import type { News } from '../../src/snapshots/sight.ts';
import { smartInviteRef } from '../refs.ts';
import { inviteTo } from '../snapshots/source.ts';

const MINUTE = 60_000;
const URL = 'https://gateway.example.com/webhooks/cronofy';
const one = smartInviteRef('US', 'one', null);
const oneByAddress = smartInviteRef('US', 'one', 'a@example.com');
const two = smartInviteRef('US', 'two', null);
const elsewhere = smartInviteRef('US', 'elsewhere', null);

let addresses: CallbackAddresses;
let silences: number;
let publish: (ref: Ref, news: News, endsAt?: string) => void;

function known(ref: Ref, endsAt?: string): Snapshot {
  const callbackUrl = ref === elsewhere ? 'https://other.example.com/' : URL;
  return snapshotOf({ ...inviteTo(ref, 'pending', endsAt === undefined ? {} : { endsAt }), callbackUrl }, new Date());
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(1);
  silences = 0;
  const changes = createChanges();
  addresses = createCallbackAddresses({ peek: (ref) => known(ref) }, changes);
  addresses.onSilent(() => {
    silences += 1;
  });
  publish = (ref, news, endsAt) => changes.publish(ref, known(ref, endsAt), news, performance.now());
  addresses.note(one);
  addresses.note(elsewhere);
});
afterEach(() => {
  vi.useRealTimers();
});

const working = () => [one, elsewhere].map((ref) => addresses.isNotified(known(ref)));

test('a callback address counts as notified for an hour after the last notification of any invite', () => {
  vi.advanceTimersByTime(59 * MINUTE);
  addresses.note(two);
  expect(working()).toEqual([true, true]);
  vi.advanceTimersByTime(2 * MINUTE);
  expect(working()).toEqual([true, false]);
  vi.advanceTimersByTime(59 * MINUTE);
  expect(working()).toEqual([false, false]);
});

test('what arrives from one data center tells nothing of the invites of another', () => {
  const german = smartInviteRef('DE', 'one', null);
  expect(addresses.isNotified(known(german))).toBe(false);
  publish(german, 'found');
  vi.advanceTimersByTime(MINUTE);
  expect([working(), silences]).toEqual([[true, true], 0]);
});

test('an address stops counting as notified 30 s after a read finds a change without a notification', () => {
  publish(two, 'found');
  vi.advanceTimersByTime(29_000);
  expect(working()).toEqual([true, true]);
  expect(silences).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(working()).toEqual([false, true]);
  expect(silences).toBe(1);
  addresses.note(one);
  expect(working()).toEqual([true, true]);
});

test('an address still counts as notified where the notification follows the read, by another name', () => {
  publish(one, 'found');
  vi.advanceTimersByTime(20_000);
  addresses.note(oneByAddress);
  vi.advanceTimersByTime(MINUTE);
  expect(working()).toEqual([true, true]);
  expect(silences).toBe(0);
});

test('a notification of another invite does not count for this change', () => {
  publish(two, 'found');
  vi.advanceTimersByTime(10_000);
  addresses.note(one);
  vi.advanceTimersByTime(MINUTE);
  expect(working()).toEqual([false, true]);
});

test('a second change gets 30 s of its own for its notification', () => {
  publish(one, 'found');
  vi.advanceTimersByTime(20_000);
  addresses.note(one);
  publish(one, 'found');
  vi.advanceTimersByTime(20_000);
  expect(working()).toEqual([true, true]);
  vi.advanceTimersByTime(10_000);
  expect(working()).toEqual([false, true]);
});

test.each<[string, News, string | undefined]>([
  ['a change with a notification, or the first known state', 'changed', undefined],
  ['a read that confirms the known state', 'confirmed', undefined],
  ['a change of time alone, because the event is over', 'found', '2020-05-04T09:30:00Z'],
])('an address still counts as notified after %s', (_, news, endsAt) => {
  publish(one, news, endsAt);
  vi.advanceTimersByTime(MINUTE);
  expect(working()).toEqual([true, true]);
});

test('a process remembers a thousand addresses at most, and drops the oldest first', () => {
  const urls = new Map<Ref, string>();
  const changes = createChanges();
  const peek = (ref: Ref) =>
    snapshotOf({ ...inviteTo(ref, 'pending'), callbackUrl: urls.get(ref) ?? null }, new Date());
  const many = createCallbackAddresses({ peek }, changes);
  const refs = Array.from({ length: 1_001 }, (_, n) => smartInviteRef('US', String(n), null));
  for (const [n, ref] of refs.entries()) urls.set(ref, `https://gateway.example.com/${n}`);
  for (const ref of refs) many.note(ref);
  expect(refs.filter((ref) => !many.isNotified(peek(ref)))).toEqual(refs.slice(0, 1));
});
