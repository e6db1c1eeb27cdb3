// A quota never lets more calls pass than a window's limit, wherever in time the window is laid.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProviderRateLimited } from '../../src/invitation/problem.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { createQuota, type Quota } from '../../src/upstream/quota.ts';
import { type QuotaWindow, withMargin } from '../../src/upstream/quota-window.ts';

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

const window = fc.record({ limit: fc.integer({ min: 1, max: 12 }), windowMs: fc.integer({ min: 1, max: 2_000 }) });
const windows = fc.array(window, { minLength: 1, maxLength: 3 });

/** Most of `times` that lie in one stretch of `windowMs`, its end not included. */
function most(times: readonly number[], windowMs: number): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));
}

function expectKept(times: readonly number[], kept: readonly QuotaWindow[]): void {
  for (const { limit, windowMs } of kept) expect(most(times, windowMs)).toBeLessThanOrEqual(limit);
}

describe('every stretch of a window has at most as many calls as its limit', () => {
  test('where calls are made some time after they were taken, and count from then on', async () => {
    const lateCall = fc.record({
      afterMs: fc.integer({ min: 0, max: 300 }),
      lateMs: fc.integer({ min: 0, max: 600 }),
      caller: fc.constantFrom('a', 'b', 'c'),
    });
    await fc.assert(
      fc.asyncProperty(windows, fc.array(lateCall, { minLength: 20, maxLength: 60 }), async (kept, lateCalls) => {
        const quota = createQuota('PARTOO', kept, { now });
        const shortestMs = Math.min(...kept.map(({ windowMs }) => windowMs));
        const times: number[] = [];
        for (const { afterMs, lateMs, caller } of lateCalls) {
          await pass(afterMs);
          const payment = { how: 'caller', caller } as const;
          const takenAt = quota.takeNow(payment);
          if (takenAt === undefined) continue;
          setTimeout(() => {
            const madeAt = quota.takeNow(payment, takenAt);
            // It has its place in every window already.
            if (lateMs < shortestMs) expect(madeAt).toBe(now());
            if (madeAt !== undefined) times.push(madeAt);
          }, lateMs);
        }
        await pass(1_000);
        expectKept(times, kept);
      }),
    );
  });

  test('where callers take calls at once, or wait for them', async () => {
    const ask = fc.record({
      afterMs: fc.integer({ min: 0, max: 500 }),
      patienceMs: fc.integer({ min: 0, max: 5_000 }),
    });
    await fc.assert(
      fc.asyncProperty(windows, fc.array(ask, { maxLength: 60 }), async (kept, asks) => {
        const quota = createQuota('PARTOO', kept, { now });
        const times: number[] = [];
        const served: number[] = [];
        for (const [n, { afterMs, patienceMs }] of asks.entries()) {
          await pass(afterMs);
          const until = now() + patienceMs;
          take(quota, patienceMs).then(
            () => {
              times.push(now());
              served.push(n);
              // Who was let into the line is served in time: a millisecond is the timer's.
              expect(now()).toBeLessThanOrEqual(until + 1);
            },
            (error) => expect(error).toBeInstanceOf(ProviderRateLimited),
          );
        }
        await pass(20_000);
        expectKept(times, kept);
        expect(served).toEqual(served.toSorted((a, b) => a - b));
      }),
    );
  });

  test('where callers and background work take turns', async () => {
    const ask = fc.record({ afterMs: fc.integer({ min: 0, max: 500 }), background: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(windows, fc.array(ask, { maxLength: 80 }), async (kept, asks) => {
        const quota = createQuota('PARTOO', kept, { now });
        const times: number[] = [];
        const called = () => void times.push(now());
        for (const { afterMs, background } of asks) {
          await pass(afterMs);
          if (!background) take(quota, 2_000).then(called, () => undefined);
          else if (quota.takeSpare(BACKGROUND) === 0) called();
          await pass(0);
        }
        await pass(20_000);
        expectKept(times, kept);
      }),
    );
  });

  test('around a full minute, where a counter that starts anew would let twice as many pass', async () => {
    const quota = createQuota('PARTOO', [{ limit: 10, windowMs: 60_000 }], { now });
    const at = async (ms: number) => {
      await pass(ms - now());
      const results = await Promise.allSettled(Array.from({ length: 10 }, () => take(quota, 0)));
      return results.filter(({ status }) => status === 'fulfilled').length;
    };
    const start = now();
    expect([await at(start + 59_000), await at(start + 61_000), await at(start + 119_000)]).toEqual([10, 0, 10]);
  });
});

test('a window is kept slightly longer than configured, so that calls that arrive early at the provider are within it', () => {
  expect(withMargin([{ limit: 45, windowMs: 1_000 }])).toEqual([{ limit: 45, windowMs: 1_050 }]);
  expect(withMargin([{ limit: 270, windowMs: 60_000 }])).toEqual([{ limit: 270, windowMs: 61_000 }]);
});
