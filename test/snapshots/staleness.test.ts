// Why an answer is older, or less certain, than was wanted, and from when on another one can be had: on a clock that the
// test sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ProviderOverloaded,
  ProviderThrottled,
  ProviderTimeout,
  ProviderUnavailable,
} from '../../src/invitation/problem.ts';
import type { Staleness, StalenessReason } from '../../src/invitation/snapshot.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { createFakeSource, type FakeSource, pass, passUnread, refTo, review, snapshotsOf, useClock } from './source.ts';

const SECOND = 1_000;
const one = refTo('one');

let source: FakeSource;
let all: ReturnType<typeof snapshotsOf>;

beforeEach(() => {
  useClock();
  source = createFakeSource();
  all = snapshotsOf(source);
});
afterEach(() => vi.useRealTimers());

/** What is said of the answer; it has to be one. */
async function read(maxAgeMs: number | null = null): Promise<Staleness | null> {
  const snapshot = await all.snapshots.read(one, {
    withExtras: false,
    maxAgeMs,
    caller: new Cancellation(),
    callerId: 'caller',
  });
  if (snapshot === null) throw new Error('nothing was found');
  return snapshot.staleness;
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * SECOND);
const failsWith = (error: Error) => () => Promise.reject(error);
const slow = async () => {
  await new Promise((resolve) => setTimeout(resolve, 3 * SECOND));
  return review(one, 'CREATED');
};

test('an answer is not stale while it is fresh, nor while it is refreshed in the background', async () => {
  expect(await read()).toBeNull();
  await pass(5 * SECOND);
  expect(await read()).toBeNull();
  await pass(10 * SECOND);
  source.answer = slow;
  expect(await read()).toBeNull();
});

describe('an old answer for want of quota', () => {
  test('has the time from which there is quota, where that is known', async () => {
    source = createFakeSource([{ limit: 1, windowMs: 60 * SECOND }]);
    all = snapshotsOf(source);
    await read();
    await pass(5 * SECOND);
    expect(await read(0)).toEqual({ reason: 'RATE_LIMITED', retryAt: inSeconds(55) });
    expect(source.reads).toHaveLength(1);
  });

  test('has no time where only the share of background work is used up', async () => {
    await read();
    await passUnread(source, 90 * SECOND);
    while (source.quota.takeSpare(BACKGROUND) === 0);
    expect(await read()).toEqual({ reason: 'RATE_LIMITED', retryAt: null });
    expect(source.reads).toHaveLength(1);
  });
});

test('an old answer is UNAVAILABLE while the breaker is open, not RATE_LIMITED', async () => {
  await read();
  await passUnread(source, 90 * SECOND);
  source.circuit = 'OPEN';
  expect(await read()).toEqual({ reason: 'UNAVAILABLE', retryAt: null });
});

test('a retry time in the past is not given', async () => {
  await read();
  source.answer = failsWith(new ProviderThrottled('PARTOO', 5));
  await pass(20 * SECOND);
  expect(await read()).toBeNull();
  await pass(0);
  source.answer = () => new Promise(() => {});
  expect(await read()).toEqual({ reason: 'RATE_LIMITED', retryAt: inSeconds(5) });
  await pass(6 * SECOND);
  expect(await read()).toEqual({ reason: 'RATE_LIMITED', retryAt: null });
});

describe.each<[string, Error, StalenessReason, number | null]>([
  ['answers 429 and says for how long', new ProviderThrottled('PARTOO', 30), 'RATE_LIMITED', 30],
  ['answers 429 and does not say for how long', new ProviderThrottled('PARTOO', null), 'RATE_LIMITED', null],
  ['has too many calls waiting', new ProviderOverloaded('PARTOO'), 'RATE_LIMITED', null],
  ['does not answer before the deadline', new ProviderTimeout('PARTOO'), 'TIMEOUT', null],
  ['fails', new ProviderUnavailable('PARTOO'), 'UNAVAILABLE', null],
])('where the provider %s, an old answer', (_, error, reason, seconds) => {
  const expected = () => ({ reason, retryAt: seconds === null ? null : inSeconds(seconds) });

  beforeEach(async () => {
    await read();
    source.answer = failsWith(error);
  });

  test(`is ${reason} to a caller that wanted a newer one`, async () => {
    await pass(5 * SECOND);
    expect(await read(0)).toEqual(expected());
    // A caller that accepts it gets it without a mark.
    expect(await read()).toBeNull();
  });

  test(`is ${reason} to a caller that named no age`, async () => {
    await passUnread(source, 90 * SECOND);
    expect(await read()).toEqual(expected());
  });

  test(`is ${reason} after a failed background read, until the next successful one`, async () => {
    await pass(20 * SECOND);
    expect(await read()).toBeNull();
    await pass(0);
    expect(await read()).toEqual(expected());
    source.answer = () => review(one, 'CREATED');
    await pass(5 * SECOND);
    expect(await read()).toBeNull();
  });
});

test('an old answer is TIMEOUT where the read takes longer than the patience of a caller that accepts it', async () => {
  await read();
  await passUnread(source, 90 * SECOND);
  source.answer = slow;
  const asked = read();
  await pass(SECOND);
  expect(await asked).toEqual({ reason: 'TIMEOUT', retryAt: null });
  await pass(2 * SECOND);
  expect(await read()).toBeNull();
});

test('an old answer has the newest reason', async () => {
  await read();
  await pass(5 * SECOND);
  source.answer = failsWith(new ProviderThrottled('PARTOO', 30));
  expect(await read(0)).toMatchObject({ reason: 'RATE_LIMITED' });
  source.answer = failsWith(new ProviderUnavailable('PARTOO'));
  await pass(1);
  expect(await read(0)).toEqual({ reason: 'UNAVAILABLE', retryAt: null });
});

describe('the final state of a notification', () => {
  const UNCONFIRMED = { reason: 'UNCONFIRMED', retryAt: null };

  beforeEach(async () => {
    await read();
    await pass(SECOND);
    all.snapshots.overlay(one, () => review(one, 'DELIVERED'));
  });

  test('is UNCONFIRMED, however old, until a read confirms it', async () => {
    expect(all.snapshots.peek(one)).toMatchObject({ deliveryStatus: 'DELIVERED', staleness: UNCONFIRMED });
    expect(await read()).toEqual(UNCONFIRMED);
    await pass(20 * SECOND);
    expect(await read()).toEqual(UNCONFIRMED);
    source.answer = () => review(one, 'DELIVERED');
    expect(await read(0)).toBeNull();
    expect(await read()).toBeNull();
  });

  test('is the reason of the failed read to a caller that wanted the provider’s own answer', async () => {
    source.answer = failsWith(new ProviderUnavailable('PARTOO'));
    expect(await read(0)).toEqual({ reason: 'UNAVAILABLE', retryAt: null });
    expect(await read()).toEqual(UNCONFIRMED);
  });
});

describe('a changeable state of a notification', () => {
  const UNCONFIRMED = { reason: 'UNCONFIRMED', retryAt: null };
  const notify = () => all.snapshots.overlay(one, () => review(one, 'CREATED'));

  test('stays UNCONFIRMED for callers that accept it, whatever error its reads give', async () => {
    await read();
    notify();
    source.answer = failsWith(new ProviderUnavailable('PARTOO'));
    expect(await read(0)).toMatchObject({ reason: 'UNAVAILABLE' });
    await pass(20 * SECOND);
    expect(await read()).toEqual(UNCONFIRMED);
    await pass(5 * SECOND);
    expect(await read()).toEqual(UNCONFIRMED);
  });

  test('is given to a caller whose read takes too long', async () => {
    await read();
    await passUnread(source, 90 * SECOND);
    source.answer = slow;
    const waiting = all.snapshots.read(one, {
      withExtras: false,
      maxAgeMs: null,
      caller: new Cancellation(),
      callerId: 'caller',
    });
    await pass(SECOND / 2);
    notify();
    await pass(SECOND / 2);
    expect(await waiting).toMatchObject({ deliveryStatus: 'CREATED', staleness: UNCONFIRMED });
  });
});
