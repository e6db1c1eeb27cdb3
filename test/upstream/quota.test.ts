// A quota, on a clock that the test sets: every promise is checked against when calls were let through.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProviderRateLimited } from '../../src/invitation/problem.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { createQuota, type Quota } from '../../src/upstream/quota.ts';
import { parseQuota } from '../../src/upstream/quota-window.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => vi.useRealTimers());

const now = () => performance.now();
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
let callers = 0;
/** Takes a call for a caller that has none yet. */
const take = (quota: Quota, patienceMs: number, cancellation = new Cancellation()) => {
  callers += 1;
  return quota.take({ how: 'caller', caller: `caller-${callers}` }, patienceMs, cancellation);
};
const minute = (limit: number) => [{ limit, windowMs: 60_000 }];

describe('background work', () => {
  test('keeps to what is lent of each window, nine tenths at least, and callers have the rest', async () => {
    const quota = createQuota('CRONOFY', [{ limit: 45, windowMs: 1_000 }, ...minute(100)], { now });
    const taken = () => Array.from({ length: 200 }, () => quota.takeSpare(BACKGROUND)).filter((ms) => ms === 0).length;
    expect(taken()).toBe(40);
    for (let n = 0; n < 5; n++) await take(quota, 0);
    await expect(take(quota, 0)).rejects.toBeInstanceOf(ProviderRateLimited);
    await pass(1_000);
    expect(taken()).toBe(40);
    await pass(1_000);
    // Of the minute's hundred, 9 are kept: with what leaves it in a second, ten newcomers have one each. 5 were callers'.
    expect(taken()).toBe(6);
  });

  test('has one call where the window has one', () => {
    const quota = createQuota('PARTOO', minute(1), { now });
    expect([quota.takeSpare(BACKGROUND), quota.takeSpare(BACKGROUND)]).toEqual([0, 60_000]);
  });

  test('is told when to ask again, and then it is right', async () => {
    const quota = createQuota('PARTOO', minute(10), { now });
    for (let n = 0; n < 9; n++) expect(quota.takeSpare(BACKGROUND)).toBe(0);
    await pass(20_000);
    expect(quota.takeSpare(BACKGROUND)).toBe(40_000);
    await pass(40_000);
    expect(quota.takeSpare(BACKGROUND)).toBe(0);
  });

  test('takes no call while a caller waits', async () => {
    const quota = createQuota('PARTOO', [{ limit: 1, windowMs: 1_000 }], { now });
    await take(quota, 0);
    const waiting = take(quota, 5_000);
    await pass(999);
    expect(quota.takeSpare(BACKGROUND)).toBeGreaterThan(0);
    await pass(1);
    await waiting;
    expect(quota.takeSpare(BACKGROUND)).toBe(1_000);
  });
});

describe('a caller', () => {
  test('that cannot be served within its patience is refused at once, with the time to retry after', async () => {
    const quota = createQuota('PARTOO', minute(1), { now });
    await take(quota, 0);
    await pass(17_500);
    const refused = { provider: 'PARTOO', code: 'PROVIDER_RATE_LIMITED', retryAfterSeconds: 43 };
    await expect(take(quota, 42_499)).rejects.toMatchObject(refused);
    await pass(43_000);
    await expect(take(quota, 0)).resolves.toBe(performance.now());
  });

  test('is refused also for the line before it, and the line itself is kept', async () => {
    const quota = createQuota('PARTOO', [{ limit: 2, windowMs: 1_000 }], { now });
    await Promise.all([take(quota, 0), take(quota, 0)]);
    const served: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) take(quota, 2_000).then(() => served.push(`${name} ${now() - start}`));
    const start = now();
    await expect(take(quota, 2_000)).rejects.toMatchObject({ retryAfterSeconds: 3 });
    await pass(10_000);
    expect(served).toEqual(['a 1000', 'b 1000', 'c 2000', 'd 2000']);
  });

  test('that leaves the line is taken out of it, and those behind move up', async () => {
    const quota = createQuota('PARTOO', [{ limit: 1, windowMs: 1_000 }], { now });
    await take(quota, 0);
    const start = now();
    const leaving = new Cancellation();
    const left = take(quota, 5_000, leaving);
    const stays = take(quota, 5_000).then(() => now() - start);
    leaving.cancel(new CallerGone());
    await expect(left).rejects.toBeInstanceOf(CallerGone);
    await pass(10_000);
    expect(await stays).toBe(1_000);
    expect(quota.status().remaining).toBe(1);
  });

  test('that has left already uses no call', async () => {
    const quota = createQuota('PARTOO', [{ limit: 1, windowMs: 1_000 }], { now });
    await take(quota, 0);
    const gone = new Cancellation();
    gone.cancel(new CallerGone());
    await expect(take(quota, 5_000, gone)).rejects.toBeInstanceOf(CallerGone);
    await pass(1_000);
    expect(quota.status().remaining).toBe(1);
  });
});

describe('a closed gate', () => {
  test('holds all callers until the time has passed, whatever is left of the quota', async () => {
    const quota = createQuota('PARTOO', minute(100), { now });
    quota.close(3_000);
    quota.close(1_000);
    expect(quota.takeSpare(BACKGROUND)).toBe(3_000);
    await expect(take(quota, 2_999)).rejects.toMatchObject({ retryAfterSeconds: 3 });
    const start = now();
    const waited = take(quota, 3_000).then(() => now() - start);
    await pass(10_000);
    expect(await waited).toBe(3_000);
  });

  test('also holds callers that were waiting when it closed', async () => {
    const quota = createQuota('PARTOO', [{ limit: 1, windowMs: 1_000 }], { now });
    await take(quota, 0);
    const start = now();
    const waited = take(quota, 5_000).then(() => now() - start);
    quota.close(4_000);
    await pass(10_000);
    expect(await waited).toBe(4_000);
  });

  test('refuses callers that could not be served within their patience once it opens', async () => {
    const quota = createQuota('PARTOO', minute(2), { now });
    quota.close(1_000);
    const results = [1, 2, 3].map(() =>
      take(quota, 8_000).then(
        () => 'served',
        (error) => error.retryAfterSeconds,
      ),
    );
    await pass(8_001);
    expect(await Promise.all(results)).toEqual(['served', 'served', 61]);
  });

  test('refuses waiting callers at once where it stays closed beyond their patience', async () => {
    const quota = createQuota('PARTOO', [{ limit: 1, windowMs: 1_000 }], { now });
    await take(quota, 0);
    const waiting = take(quota, 5_000).catch((error) => error.retryAfterSeconds);
    quota.close(60_000);
    await pass(0);
    expect(await Promise.race([waiting, 'still waiting'])).toBe(60);
  });
});

test('its status is that of the window that has least left', async () => {
  const quota = createQuota('CRONOFY', [{ limit: 4, windowMs: 1_000 }, ...minute(10)], { now });
  expect(quota.status()).toEqual({ limit: 4, remaining: 4, resetsInMs: 0 });
  await take(quota, 0);
  await pass(400);
  await take(quota, 0);
  expect(quota.status()).toEqual({ limit: 4, remaining: 2, resetsInMs: 600 });
  await pass(1_000);
  expect(quota.status()).toEqual({ limit: 10, remaining: 8, resetsInMs: 58_600 });
  quota.close(2_000);
  expect(quota.status()).toEqual({ limit: 10, remaining: 0, resetsInMs: 2_000 });
  await pass(60_000);
  expect(quota.status()).toEqual({ limit: 4, remaining: 4, resetsInMs: 0 });
});

test.each([
  ['270/60s', [{ limit: 270, windowMs: 60_000 }]],
  [' 5/0.5s ', [{ limit: 5, windowMs: 500 }]],
  ['45/1s,450/60s', [{ limit: 45, windowMs: 1_000 }, ...minute(450)]],
])('%j is a quota', (text, expected) => expect(parseQuota(text)).toEqual(expected));

test.each([
  '',
  ',',
  '45',
  '45/1',
  '45/s',
  '/1s',
  '0/1s',
  '45/0s',
  '45/0.000s',
  '-1/1s',
  '1e3/1s',
  '45/1s,',
  '45/1m',
  '1/1s;2/2s',
])('%j is not a quota', (text) => expect(parseQuota(text)).toBeUndefined());
