// The shares of a quota among callers, on a clock that the test sets, with the providers' real windows.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PaymentKind } from '../../src/upstream/payment.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { createQuota, type Quota } from '../../src/upstream/quota.ts';
import { parseQuota, withMargin } from '../../src/upstream/quota-window.ts';
import { greedy, take, untilServed } from './takers.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => vi.useRealTimers());

const now = () => performance.now();
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function quotaOf(text: string, reserve?: number): Quota {
  return createQuota('PARTOO', withMargin(parseQuota(text) ?? []), {
    now,
    ...(reserve === undefined ? {} : { reserve }),
  });
}

/** How many a caller gets at once. */
function burst(quota: Quota, caller: string, how: PaymentKind = 'caller'): number {
  let taken = 0;
  while (quota.takeNow({ how, caller }) !== undefined) taken += 1;
  return taken;
}

const QUOTAS = ['270/60s', '45/1s,450/60s'];
/** When newcomers come, after one caller has begun to take everything, in milliseconds. */
const PHASES = [
  10, 500, 950, 1_040, 5_000, 26_700, 30_000, 36_000, 43_500, 45_000, 59_000, 60_990, 61_100, 75_000, 122_500, 200_300,
];

describe.each(QUOTAS)('beside one caller that wants everything of %s', (text) => {
  test.each(PHASES)('ten newcomers have one call each within a second, %i ms after it began', async (phase) => {
    const quota = quotaOf(text);
    const { stop } = greedy(quota, 'greedy');
    await pass(phase);
    const waits = Promise.all(Array.from({ length: 10 }, (_, n) => untilServed(quota, `new-${n}`, 1)));
    await pass(20_000);
    stop();
    for (const ms of await waits) expect(ms).toBeLessThanOrEqual(1_000);
  });

  test.each(PHASES)('twenty newcomers have three calls each within 15 s, %i ms after it began', async (phase) => {
    const quota = quotaOf(text);
    const { stop } = greedy(quota, 'greedy');
    await pass(phase);
    const waits = Promise.all(Array.from({ length: 20 }, (_, n) => untilServed(quota, `new-${n}`, 3)));
    await pass(70_000);
    stop();
    for (const ms of await waits) expect(ms).toBeLessThanOrEqual(15_000);
  });

  test('that caller has 95 % of all in the long run', async () => {
    const quota = quotaOf(text);
    const { times, stop } = greedy(quota, 'greedy');
    await pass(600_000);
    stop();
    const perMinute = (parseQuota(text) ?? []).at(-1)?.limit ?? 0;
    expect(times.length).toBeGreaterThanOrEqual(0.95 * perMinute * 10);
    await pass(10_000);
  });
});

test('a caller that is alone has a first burst of two fifths of a window', () => {
  expect(burst(quotaOf('100/60s'), 'a')).toBe(41);
});

test('a caller above its share leaves the reserve to those below theirs', async () => {
  const quota = quotaOf('100/60s', 0.2);
  const { times, stop } = greedy(quota, 'a');
  await pass(60_950);
  // As much as would leave the window in fifteen seconds of its first burst of forty calls, if those had been spread.
  expect(times).toHaveLength(90);
  expect(['b', 'c', 'd', 'e'].map((caller) => burst(quota, caller))).toEqual([10, 0, 0, 0]);
  stop();
  await pass(10_000);
});

/** How many calls background work has at once. */
function lent(quota: Quota): number {
  let taken = 0;
  while (quota.takeSpare(BACKGROUND) === 0) taken += 1;
  return taken;
}

test('background work and reads with spare quota leave the reserve, too', () => {
  const quota = quotaOf('100/60s', 0.2);
  expect(lent(quota)).toBe(91);
  expect(quota.takeSpare({ how: 'spare', caller: 'b' })).toBeGreaterThan(0);
  expect(burst(quota, 'b')).toBe(9);
});

test('a newcomer is refused for calls that go before it, and not for those that only came before it', () => {
  const quota = quotaOf('20/60s', 0.2);
  expect(burst(quota, 'greedy')).toBe(9);
  const many = Array.from({ length: 40 }, () => ({ payment: { how: 'caller', caller: 'greedy' } as const }));
  expect(quota.refusal({ how: 'caller', caller: 'greedy' }, many, 7_500)).toBeDefined();
  expect(quota.refusal({ how: 'caller', caller: 'new' }, many, 7_500)).toBeUndefined();
  const newcomers = Array.from({ length: 40 }, (_, n) => ({ payment: { how: 'caller', caller: `${n}` } as const }));
  expect(quota.refusal({ how: 'caller', caller: 'new' }, newcomers, 7_500)).toBeDefined();
});

test('in the line, a caller goes ahead of others with what is left of its share, and with no more', async () => {
  const quota = quotaOf('20/1s');
  for (let n = 0; n < 20; n++) expect(quota.takeNow({ how: 'caller', caller: `before-${n}` })).toBeDefined();
  for (let n = 0; n < 30; n++) void take(quota, 'greedy').catch(() => undefined);
  const newcomers = ['b', 'c', 'd'].map((caller) => take(quota, caller, 'caller', 1_200));
  await pass(10_000);
  for (const at of await Promise.all(newcomers)) expect(at).toBeLessThanOrEqual(1_200);
});

describe('the reserve', () => {
  test.each([
    ['270/60s', 0.1, 264],
    ['450/60s', 0.1, 447],
    // A part of the window at most.
    ['30/60s', 0.1, 27],
    ['270/60s', 0, 270],
    // All calls of a short window may be made in one go.
    ['45/1s', 0.1, 40],
  ])('of %s, with %d of it at most, lends %i', (text, reserve, calls) => {
    expect(lent(quotaOf(text, reserve))).toBe(calls);
  });

  test('is what the last crowd of newcomers needed, until that is long ago', async () => {
    const quota = quotaOf('270/60s');
    for (let n = 0; n < 30; n++) expect(quota.takeNow({ how: 'caller', caller: `new-${n}` })).toBeDefined();
    // Those calls are in the window, too.
    expect(lent(quota)).toBe(270 - 26 - 30);
    await pass(62_000);
    expect(lent(quota)).toBe(270 - 26);
    await pass(300_000);
    expect(lent(quota)).toBe(264);
  });

  test('does not grow by newcomers that come one after the other', async () => {
    const quota = quotaOf('270/60s');
    for (let n = 0; n < 30; n++) {
      expect(quota.takeNow({ how: 'caller', caller: `new-${n}` })).toBeDefined();
      await pass(500);
    }
    await pass(62_000);
    expect(lent(quota)).toBe(264);
  });
});

test('callers that insist have half of the longest window together, and callers that do not pass them', async () => {
  const quota = quotaOf('20/60s');
  const insisted = ['a', 'b', 'c', 'd', 'e'].map((caller) => burst(quota, caller, 'insistent'));
  expect(insisted.reduce((a, b) => a + b)).toBe(10);
  const waiting = take(quota, 'f', 'insistent', 60_000 * 2);
  expect(quota.takeNow({ how: 'insistent', caller: 'g' })).toBeUndefined();
  expect(quota.takeNow({ how: 'caller', caller: 'g' })).toBeDefined();
  await pass(61_000);
  await waiting;
});

test('in the line, a caller below its share goes ahead of one above', async () => {
  const quota = quotaOf('10/1s');
  const served: string[] = [];
  const order = (caller: string) => void take(quota, caller).then(() => served.push(caller));
  for (let n = 0; n < 14; n++) order('a');
  await pass(0);
  const before = served.length;
  for (const caller of ['b', 'c', 'd', 'e']) order(caller);
  await pass(5_000);
  expect(served.slice(before, before + 4)).toEqual(['b', 'c', 'd', 'e']);
  expect(served).toHaveLength(18);
});
