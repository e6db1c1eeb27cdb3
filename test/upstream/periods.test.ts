// Attempts that began before the circuit of a breaker changed have no effect on it.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Breaker, createBreaker, type Period } from '../../src/upstream/breaker.ts';

let breaker: Breaker;
/** Of an attempt that began before the breaker opened. */
let early: Period;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  breaker = createBreaker();
  early = enter();
  for (let n = 0; n < 20; n++) breaker.failed(early);
  expect(breaker.circuit()).toBe('OPEN');
  vi.advanceTimersByTime(5_000);
});
afterEach(() => vi.useRealTimers());

function enter(): Period {
  const period = breaker.enter();
  if (period === undefined) throw new Error('nothing is let through');
  return period;
}

test.each<[string, (period: Period) => void]>([
  ['has answered', (period) => breaker.answered(period)],
  ['has failed', (period) => breaker.failed(period)],
  ['has ended without an answer', (period) => breaker.ended(period)],
])('an attempt from before the breaker opened that %s has no effect on the probe', (_, tell) => {
  const probe = enter();
  tell(early);
  expect(breaker.circuit()).toBe('HALF_OPEN');
  breaker.answered(probe);
  expect(breaker.circuit()).toBe('CLOSED');
});

test('a probe that ends without an answer leaves the breaker open for longer', () => {
  breaker.ended(enter());
  expect(breaker.circuit()).toBe('OPEN');
  vi.advanceTimersByTime(8_999);
  expect(breaker.enter()).toBeUndefined();
  vi.advanceTimersByTime(1);
  expect(breaker.enter()).toBeDefined();
});
