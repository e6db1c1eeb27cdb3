// What may happen with every call is told once, and then now and then: on a clock that the test sets.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTally } from '../../src/telemetry/tally.ts';

const MINUTE = 60_000;

let told: string[];
let count: (times?: number) => void;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  count = createTally((times, total) => void told.push(`${times} of ${total}`));
});
afterEach(() => vi.useRealTimers());

test('the first occurrence is reported at once, and the others of that minute together', () => {
  count();
  expect(told).toEqual(['1 of 1']);
  for (let n = 0; n < 1_000; n++) count();
  vi.advanceTimersByTime(MINUTE - 1);
  expect(told).toEqual(['1 of 1']);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['1 of 1', '1000 of 1001']);
});

test('a minute without an occurrence is not reported, and the next occurrence is reported at once', () => {
  count(3);
  vi.advanceTimersByTime(10 * MINUTE);
  expect(told).toEqual(['3 of 3']);
  expect(vi.getTimerCount()).toBe(0);
  count(2);
  expect(told).toEqual(['3 of 3', '2 of 5']);
});
