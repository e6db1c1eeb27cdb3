// A call that has ended leaves no listener and no timer; and which ends count for the breaker. On a clock that the test
// sets.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProviderUnavailable } from '../../src/invitation/problem.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { type AsyncPolicy, createAsyncPolicy } from './attempted.ts';

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const forever = () => new Promise<never>(() => {});

let policy: AsyncPolicy;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  policy = createAsyncPolicy({ maxInFlight: 2, maxWaiting: 4, totalTimeoutMs: 8_000 });
});
afterEach(() => vi.useRealTimers());

test.each<[string, () => Promise<string>]>([
  ['succeeds', async () => 'answered'],
  ['fails for good', () => Promise.reject(new RangeError('for good'))],
])('a call that %s removes its listener from the caller', async (_, attempt) => {
  const caller = new Cancellation();
  const [add, remove] = [vi.spyOn(caller, 'add'), vi.spyOn(caller, 'remove')];
  await policy.run(attempt, caller).catch(() => undefined);
  expect(add).toHaveBeenCalledTimes(1);
  expect(remove.mock.calls).toEqual(add.mock.calls);
});

test('a call whose caller leaves between two attempts ends at once, and leaves no timer', async () => {
  const caller = new Cancellation();
  const before = vi.getTimerCount();
  const ended = policy.run(() => Promise.reject(new ProviderUnavailable('PARTOO')), caller).catch(() => undefined);
  await pass(0);
  expect(vi.getTimerCount()).toBe(before + 2);
  caller.cancel(new CallerGone());
  await ended;
  // What is left is the timer that all deadlines share.
  expect(vi.getTimerCount()).toBe(before + 1);
});

test('calls that waited until their deadline do not open the breaker', async () => {
  policy = createAsyncPolicy({ maxInFlight: 32, maxWaiting: 0, totalTimeoutMs: 8_000 });
  const ended = Array.from({ length: 30 }, () => policy.run(forever, new Cancellation()).catch((error) => error.code));
  await pass(8_000);
  expect(new Set(await Promise.all(ended))).toEqual(new Set(['PROVIDER_TIMEOUT']));
  expect(policy.circuit()).toBe('CLOSED');
});

test('the queue is crowded from half of its places on', () => {
  const crowded: boolean[] = [];
  for (let calls = 0; calls < 6; calls++) {
    crowded.push(policy.isCrowded());
    policy.run(forever, new Cancellation()).catch(() => undefined);
  }
  expect(crowded).toEqual([false, false, false, false, true, true]);
});
