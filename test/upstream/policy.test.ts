// How an account's calls are made, on a clock that the test sets: queue, deadline, retries. The breaker has its own file.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ProviderBadResponse,
  ProviderNotConfigured,
  ProviderRateLimited,
  ProviderRejected,
  ProviderThrottled,
  ProviderTimeout,
  ProviderUnauthorized,
  ProviderUnavailable,
} from '../../src/invitation/problem.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { createPolicy, type Policy, type Turn } from '../../src/upstream/policy.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => vi.useRealTimers());

const LIMITS = { maxInFlight: 32, maxWaiting: 168, totalTimeoutMs: 8_000 };
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function newPolicy(): Policy {
  return createPolicy('PARTOO', LIMITS);
}

/** What a call comes to, and when; `pending` until then. */
function watch(call: Promise<unknown>) {
  const startedAt = performance.now();
  const outcome = { is: 'pending', afterMs: Number.NaN };
  const settle = (is: string) => Object.assign(outcome, { is, afterMs: performance.now() - startedAt });
  call.then(
    (value) => settle(String(value)),
    (error) => settle(error.code ?? error.name),
  );
  return outcome;
}

/** An attempt that ends when the test says so, or when it is cancelled. */
function slow() {
  const turns: Turn[] = [];
  const answers: (() => void)[] = [];
  const attempt = (turn: Turn) =>
    new Promise<string>((resolve, reject) => {
      turns.push(turn);
      answers.push(() => resolve('answered'));
      turn.cancellation.add(reject);
    });
  return { turns, answers, attempt };
}

describe('the queue', () => {
  test('lets 32 calls through and 168 wait, and refuses the next at once', async () => {
    const policy = newPolicy();
    const { turns, answers, attempt } = slow();
    const calls = Array.from({ length: 200 }, () => watch(policy.run(attempt, new Cancellation())));
    expect(policy.hasRoom()).toBe(false);
    const next = watch(policy.run(attempt, new Cancellation()));
    await pass(0);
    expect(next).toEqual({ is: 'PROVIDER_OVERLOADED', afterMs: 0 });
    expect(turns).toHaveLength(32);

    answers[0]?.();
    await pass(0);
    expect(turns).toHaveLength(33);
    while (answers.length > 0) {
      answers.shift()?.();
      await pass(0);
    }
    expect(calls.every(({ is }) => is === 'answered')).toBe(true);
    expect(turns).toHaveLength(200);
    expect(policy.hasRoom()).toBe(true);
  });

  test('gives the place of a caller who has left to the next', async () => {
    const policy = newPolicy();
    const { attempt } = slow();
    for (let n = 0; n < 32; n++) watch(policy.run(attempt, new Cancellation()));
    const caller = new Cancellation();
    const left = Array.from({ length: 168 }, () => watch(policy.run(attempt, caller)));
    caller.cancel(new CallerGone());
    await pass(0);
    expect(new Set(left.map(({ is }) => is))).toEqual(new Set(['CallerGone']));
    const next = watch(policy.run(attempt, new Cancellation()));
    await pass(0);
    expect(next.is).toBe('pending');
  });
});

describe('the deadline', () => {
  test('ends a call that is being made and one that still waits, which is then never made', async () => {
    const policy = newPolicy();
    const turns: Turn[] = [];
    // It does not even hear that it is cancelled: its place is never free.
    const deaf = (turn: Turn) => new Promise<never>(() => turns.push(turn));
    const calls = Array.from({ length: 40 }, () => watch(policy.run(deaf, new Cancellation())));
    await pass(7_999);
    expect(calls.every(({ is }) => is === 'pending')).toBe(true);
    await pass(1);
    expect(calls).toEqual(calls.map(() => ({ is: 'PROVIDER_TIMEOUT', afterMs: 8_000 })));
    await pass(10_000);
    expect(turns).toHaveLength(32);
    expect(turns.every(({ cancellation }) => cancellation.reason instanceof ProviderTimeout)).toBe(true);
  });

  test('is over all attempts together', async () => {
    const { turns, attempt } = slow();
    const failing = (turn: Turn) =>
      Promise.race([
        attempt(turn),
        new Promise<never>((_, reject) => setTimeout(() => reject(new ProviderTimeout('PARTOO')), 3_500)),
      ]);
    const call = watch(newPolicy().run(failing, new Cancellation()));
    await pass(20_000);
    expect(call).toEqual({ is: 'PROVIDER_TIMEOUT', afterMs: 8_000 });
    expect(turns.map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(turns[2]?.cancellation.reason).toBeInstanceOf(ProviderTimeout);
  });

  test('is known to each attempt, less what has passed', async () => {
    const policy = newPolicy();
    const { turns, answers, attempt } = slow();
    for (let n = 0; n < 33; n++) watch(policy.run(attempt, new Cancellation()));
    await pass(3_000);
    answers[0]?.();
    await pass(0);
    expect(turns[32]?.remainingMs()).toBe(5_000);
  });
});

test('a caller who leaves is let go at once, and the attempt is cancelled and not repeated', async () => {
  const { turns, attempt } = slow();
  const caller = new Cancellation();
  const call = watch(newPolicy().run(attempt, caller));
  await pass(100);
  caller.cancel(new CallerGone());
  await pass(10_000);
  expect(call).toEqual({ is: 'CallerGone', afterMs: 100 });
  expect(turns).toHaveLength(1);
  expect(turns[0]?.cancellation.reason).toBeInstanceOf(CallerGone);
});

describe('an attempt that fails', () => {
  const failing = (error: Error) => {
    const times: number[] = [];
    return {
      times,
      attempt: async () => {
        times.push(performance.now());
        throw error;
      },
    };
  };

  test.each([
    ['5xx or the network', new ProviderUnavailable('PARTOO')],
    ['no answer in time', new ProviderTimeout('PARTOO')],
    ['a 429', new ProviderThrottled('PARTOO', 1)],
  ])('for %s is made three times at most, and the last word is given', async (_, error) => {
    const { times, attempt } = failing(error);
    const call = watch(newPolicy().run(attempt, new Cancellation()));
    await pass(8_000);
    expect(times).toHaveLength(3);
    expect(call.is).toBe(error.code);
  });

  test.each([
    new ProviderRejected('PARTOO'),
    new ProviderUnauthorized('PARTOO'),
    new ProviderBadResponse('PARTOO'),
    new ProviderNotConfigured('PARTOO'),
    new ProviderRateLimited('PARTOO', 1),
    new TypeError('a fault of ours'),
  ])('for what trying again does not mend is made once, and leaves the breaker closed: %s', async (error) => {
    const policy = newPolicy();
    const { times, attempt } = failing(error);
    const calls = Array.from({ length: 30 }, () => watch(policy.run(attempt, new Cancellation())));
    await pass(8_000);
    expect(times).toHaveLength(30);
    expect(new Set(calls.map(({ is }) => is))).toEqual(new Set(['code' in error ? error.code : error.name]));
    expect(policy.circuit()).toBe('CLOSED');
  });

  test('is repeated after a time drawn anew from all up to 100 ms, then up to 200 ms', async () => {
    const gaps: [first: number, second: number][] = [];
    for (let n = 0; n < 100; n++) {
      const { times, attempt } = failing(new ProviderUnavailable('PARTOO'));
      watch(newPolicy().run(attempt, new Cancellation()));
      await pass(1_000);
      const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = times;
      gaps.push([b - a, c - b]);
    }
    for (const [n, mostMs] of [
      [0, 100],
      [1, 200],
    ] as const) {
      const drawn = gaps.map((gap) => gap[n]);
      expect(Math.max(...drawn)).toBeLessThanOrEqual(mostMs);
      expect(Math.max(...drawn)).toBeGreaterThan(mostMs / 2);
      expect(Math.min(...drawn)).toBeLessThan(mostMs / 2);
      expect(new Set(drawn).size).toBeGreaterThan(10);
    }
  });

  test('once is noticed by nobody', async () => {
    let attempts = 0;
    const attempt = async () => {
      attempts += 1;
      if (attempts === 1) throw new ProviderUnavailable('PARTOO');
      return 'answered';
    };
    const call = watch(newPolicy().run(attempt, new Cancellation()));
    await pass(100);
    expect([call.is, attempts]).toEqual(['answered', 2]);
  });
});
