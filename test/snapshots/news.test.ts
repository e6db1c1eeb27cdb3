// Which states of an invitation are published, and which of two overlapping reads counts.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProviderBadResponse, ProviderUnavailable } from '../../src/invitation/problem.ts';
import type { Ref } from '../../src/invitation/ref.ts';
import type { ReviewInvitation } from '../../src/invitation/review-invitation.ts';
import {
  createFakeSource,
  type FakeSource,
  pass,
  refTo,
  review,
  seenElsewhere,
  snapshotsOf,
  useClock,
} from './source.ts';

let source: FakeSource;
let told: string[];
let all: ReturnType<typeof snapshotsOf>;

beforeEach(() => {
  useClock();
  source = createFakeSource();
  told = [];
  all = snapshotsOf(source, {
    onChange: (_, snapshot, news) =>
      told.push(
        `${snapshot.type === 'ReviewInvitation' && snapshot.deliveryStatus}${snapshot.staleness === null ? '' : ' stale'}${news === 'confirmed' ? ' again' : ''}`,
      ),
  });
});
afterEach(() => vi.useRealTimers());

const one = refTo('one');
const is = (status: ReviewInvitation['deliveryStatus']) => review(one, status);
const says = (status: ReviewInvitation['deliveryStatus']) => (ref: Ref) => review(ref, status);
const later = (ms: number, status: ReviewInvitation['deliveryStatus']) => async () => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return is(status);
};

test('a new state is published, and the same state read again is not', async () => {
  for (const status of ['CREATED', 'CREATED', 'SENT', 'SENT'] as const) {
    source.answer = says(status);
    await all.snapshots.readSoon(one);
  }
  expect(told).toEqual(['CREATED', 'SENT']);
});

test('a state that was shown as stale is published again when it is confirmed', async () => {
  await all.ask();
  await pass(61_000);
  // Longer than a caller with an old answer waits.
  source.answer = later(2_000, 'SENT');
  const asked = all.ask();
  await pass(2_000);
  expect(await asked).toBe('SENT 62000 stale');
  expect(told).toEqual(['SENT', 'SENT again']);
});

test('a late answer does not replace a newer one from another process, and the invitation is read again', async () => {
  await all.ask();
  source.answer = later(1_000, 'SENT');
  const slow = all.snapshots.readSoon(one);
  await pass(500);
  all.snapshots.adopt(seenElsewhere(one, is('DELIVERED')));
  source.answer = says('DELIVERED');
  await pass(500);
  await slow;
  expect(await all.ask()).toMatch(/^DELIVERED/);
  await pass(1_100);
  expect(source.reads).toHaveLength(3);
  expect(told).toEqual(['SENT', 'DELIVERED']);
});

test('a read that began before an overlay does not undo it', async () => {
  await all.ask();
  await pass(1);
  source.answer = later(1_000, 'SENT');
  const slow = all.ask(one, { maxAgeMs: 0 });
  await pass(500);
  all.snapshots.overlay(one, () => is('DELIVERED'));
  source.answer = says('DELIVERED');
  await pass(500);
  await slow;
  await pass(1_100);
  // Not confirmed, it was not final yet.
  expect(told).toEqual(['SENT', 'DELIVERED stale', 'DELIVERED']);
});

test.each([new ProviderBadResponse('PARTOO'), new ProviderUnavailable('PARTOO')])(
  'a failed read after a notification returns false: %s',
  async (error) => {
    source.answer = () => Promise.reject(error);
    expect(await all.snapshots.readSoon(one)).toBe(false);
  },
);

test('a failed read after a notification is repeated when the provider answers again', async () => {
  await all.ask();
  source.answer = () => Promise.reject(new ProviderUnavailable('PARTOO'));
  await all.snapshots.readSoon(one);
  source.answer = says('DELIVERED');
  await pass(2_000);
  expect(told).toEqual(['SENT', 'DELIVERED']);
});

test('an invitation that is wanted during a read is read after it', async () => {
  source.answer = later(1_000, 'SENT');
  const slow = all.ask();
  await pass(500);
  all.snapshots.want(one);
  source.answer = says('DELIVERED');
  await pass(500);
  await slow;
  await pass(1_100);
  expect(told).toEqual(['SENT', 'DELIVERED']);
});
