// How an account's calls are made, on a clock that the test sets: calls at once, deadline, retries. The breaker has its own file.

import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
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
import type { Call } from '../../src/upstream/call.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { type AsyncPolicy, createAsyncPolicy } from './attempted.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => vi.useRealTimers());

const LIMITS = { maxInFlight: 32, maxWaiting: 168, totalTimeoutMs: 8_000 };
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function newPolicy(): AsyncPolicy {
  return createAsyncPolicy(LIMITS);
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
  const attempts: { call: Call<string>; number: number }[] = [];
  const answers: (() => void)[] = [];
  const attempt = (call: Call<string>, number: number) =>
    new Promise<string>((resolve, reject) => {
      attempts.push({ call, number });
      answers.push(() => resolve('answered'));
      call.add({ cancelled: reject });
    });
  return { attempts, answers, attempt };
}

describe('the concurrent calls', () => {
  test('are 200 at most, and the next is refused at once', async () => {
    const policy = newPolicy();
    const { answers, attempt } = slow();
    const calls = Array.from({ length: 200 }, () => watch(policy.run(attempt, new Cancellation())));
    expect(policy.hasRoom()).toBe(false);
    const next = watch(policy.run(attempt, new Cancellation()));
    await pass(0);
    expect(next).toEqual({ is: 'PROVIDER_OVERLOADED', afterMs: 0 });

    for (const answer of answers) answer();
    await pass(0);
    expect(calls.every(({ is }) => is === 'answered')).toBe(true);
    expect(policy.hasRoom()).toBe(true);
  });

  test('of a caller that takes every place leave a hundred to callers that have less than ten each', async () => {
    const policy = newPolicy();
    const { answers, attempt } = slow();
    const enter = (callerId: string) => watch(policy.run(attempt, new Cancellation(), callerId));
    const refused = async (calls: readonly ReturnType<typeof watch>[]) => {
      await pass(0);
      return calls.filter(({ is }) => is === 'PROVIDER_OVERLOADED').length;
    };
    expect(await refused(Array.from({ length: 250 }, () => enter('greedy')))).toBe(50);
    expect(await refused(Array.from({ length: 15 }, () => enter('modest')))).toBe(5);
    expect(await refused([enter('')])).toBe(1);
    expect(await refused(Array.from({ length: 95 }, (_, n) => enter(`new-${n}`)))).toBe(5);

    for (const answer of answers) answer();
    await pass(0);
    expect(await refused(Array.from({ length: 210 }, () => enter('modest')))).toBe(10);
  });

  test('leave room when there are 31, and none when there are 32', () => {
    const policy = newPolicy();
    const { attempt } = slow();
    for (let n = 0; n < 31; n++) watch(policy.run(attempt, new Cancellation()));
    expect(policy.hasRoom()).toBe(true);
    watch(policy.run(attempt, new Cancellation()));
    expect(policy.hasRoom()).toBe(false);
  });

  test('no longer include those whose callers have left', async () => {
    const policy = newPolicy();
    const { attempt } = slow();
    const caller = new Cancellation();
    const left = Array.from({ length: 200 }, () => watch(policy.run(attempt, caller)));
    caller.cancel(new CallerGone());
    await pass(0);
    expect(new Set(left.map(({ is }) => is))).toEqual(new Set(['CallerGone']));
    const next = Array.from({ length: 200 }, () => watch(policy.run(attempt, new Cancellation())));
    await pass(0);
    expect(new Set(next.map(({ is }) => is))).toEqual(new Set(['pending']));
  });
});

describe('the deadline', () => {
  test('ends a call and its attempt', async () => {
    const policy = newPolicy();
    const { attempts, attempt } = slow();
    const calls = Array.from({ length: 40 }, () => watch(policy.run(attempt, new Cancellation())));
    await pass(7_999);
    expect(calls.every(({ is }) => is === 'pending')).toBe(true);
    await pass(1);
    expect(calls).toEqual(calls.map(() => ({ is: 'PROVIDER_TIMEOUT', afterMs: 8_000 })));
    await pass(10_000);
    expect(attempts).toHaveLength(40);
    expect(policy.hasRoom()).toBe(true);
    expect(attempts.every(({ call }) => call.reason instanceof ProviderTimeout)).toBe(true);
  });

  test('covers all attempts together', async () => {
    const { attempts, attempt } = slow();
    const failing = (call: Call<string>, number: number) =>
      Promise.race([
        attempt(call, number),
        new Promise<never>((_, reject) => setTimeout(() => reject(new ProviderTimeout('PARTOO')), 3_500)),
      ]);
    const call = watch(newPolicy().run(failing, new Cancellation()));
    await pass(20_000);
    expect(call).toEqual({ is: 'PROVIDER_TIMEOUT', afterMs: 8_000 });
    expect(attempts.map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(attempts[2]?.call.reason).toBeInstanceOf(ProviderTimeout);
  });

  test('is passed to each attempt, less the time that has passed', async () => {
    const { attempts, attempt } = slow();
    watch(newPolicy().run(attempt, new Cancellation()));
    expect(attempts[0]?.call.remainingMs()).toBe(8_000);
    await pass(3_000);
    expect(attempts[0]?.call.remainingMs()).toBe(5_000);
  });
});

test('a call ends at once when its caller leaves, and its attempt is cancelled and not repeated', async () => {
  const { attempts, attempt } = slow();
  const caller = new Cancellation();
  const call = watch(newPolicy().run(attempt, caller));
  await pass(100);
  caller.cancel(new CallerGone());
  await pass(10_000);
  expect(call).toEqual({ is: 'CallerGone', afterMs: 100 });
  expect(attempts).toHaveLength(1);
  expect(attempts[0]?.call.reason).toBeInstanceOf(CallerGone);
});

test('a call ends at once when its caller leaves between two attempts, and no other attempt is made', async () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.99);
  onTestFinished(() => random.mockRestore());
  const policy = newPolicy();
  const caller = new Cancellation();
  let attempts = 0;
  const failing = async () => {
    attempts += 1;
    throw new ProviderUnavailable('PARTOO');
  };
  const call = watch(policy.run(failing, caller));
  await pass(50);
  caller.cancel(new CallerGone());
  await pass(0);
  expect(call).toEqual({ is: 'CallerGone', afterMs: 50 });
  await pass(10_000);
  expect(attempts).toBe(1);
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
  ])('for %s is made three times at most, and the caller gets the last error', async (_, error) => {
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
  ])('with an error that is not retryable is made once, and leaves the breaker closed: %s', async (error) => {
    const policy = newPolicy();
    const { times, attempt } = failing(error);
    const calls = Array.from({ length: 30 }, () => watch(policy.run(attempt, new Cancellation())));
    await pass(8_000);
    expect(times).toHaveLength(30);
    expect(new Set(calls.map(({ is }) => is))).toEqual(new Set(['code' in error ? error.code : error.name]));
    expect(policy.circuit()).toBe('CLOSED');
  });

  test('is repeated after a random time up to 100 ms, then up to 200 ms', async () => {
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

  test('adds nothing to the retry budget where it was refused before it was made', async () => {
    const policy = newPolicy();
    const refused = () => Promise.reject(new ProviderRateLimited('PARTOO', 60));
    for (let n = 0; n < 500; n++) await policy.run(refused, new Cancellation()).catch(() => undefined);
    let attempts = 0;
    const failing = () => {
      attempts += 1;
      return Promise.reject(new ProviderThrottled('PARTOO', null));
    };
    const calls = Array.from({ length: 100 }, () => watch(policy.run(failing, new Cancellation())));
    await pass(1_000);
    expect(calls.every(({ is }) => is !== 'pending')).toBe(true);
    // Ten saved up, one for the second, and a fifth of the hundred.
    expect(attempts).toBeLessThanOrEqual(132);
    expect(attempts).toBeGreaterThan(120);
  });

  test('once is not noticed by the caller', async () => {
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
