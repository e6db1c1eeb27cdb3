// What a caller may take in a while, on a clock that the test sets.

import { describe, expect, test } from 'vitest';
import { createRate } from '../../src/access/caller-rate.ts';

function rateOf(limit: number, windowMs: number) {
  let at = 0;
  const rate = createRate(limit, windowMs, () => at);
  return {
    ...rate,
    pass(ms: number) {
      at += ms;
    },
    /** How many a caller gets, one by one, until it is refused. */
    burst(id: string): number {
      let taken = 0;
      while (rate.take(id, 1) === 0) taken += 1;
      return taken;
    },
  };
}

test('a caller may take its limit at once, and then evenly', () => {
  const rate = rateOf(10, 1_000);
  expect(rate.burst('a')).toBe(10);
  expect(rate.take('a', 1)).toBeCloseTo(100);
  rate.pass(99);
  expect(rate.burst('a')).toBe(0);
  rate.pass(1);
  expect(rate.burst('a')).toBe(1);
  rate.pass(500);
  expect(rate.burst('a')).toBe(5);
});

test('no more than its limit and what has come back pass in any stretch of time', () => {
  const [limit, windowMs] = [10, 1_000];
  const rate = rateOf(limit, windowMs);
  const times: number[] = [];
  for (let at = 0; at < 5_000; at += 7) {
    // It is quiet at times, and then takes what it can.
    if (at % 1_300 > 700) while (rate.take('a', 1) === 0) times.push(at);
    rate.pass(7);
  }
  expect(times.length).toBeGreaterThan(40);
  for (const [first, from] of times.entries()) {
    for (const [last, to] of times.entries()) {
      if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(limit + (limit * (to - from)) / windowMs + 1e-6);
    }
  }
});

test('a caller that keeps to its rate is never refused', () => {
  const rate = rateOf(7, 60_000);
  for (let n = 0; n < 10_000; n++) {
    expect(rate.take('a', 1)).toBe(0);
    rate.pass(60_000 / 7);
  }
});

test('so many are taken together or not at all, and can be had after the wait that is told', () => {
  const rate = rateOf(10, 1_000);
  expect(rate.take('a', 7)).toBe(0);
  expect(rate.take('a', 5)).toBeCloseTo(200);
  expect(rate.take('a', 3)).toBe(0);
  const waitMs = rate.take('a', 10);
  expect(waitMs).toBeCloseTo(1_000);
  rate.pass(waitMs);
  expect(rate.take('a', 10)).toBe(0);
});

test('more than the limit can never be taken, and takes nothing', () => {
  const rate = rateOf(10, 1_000);
  expect(rate.take('a', 11)).toBe(Number.POSITIVE_INFINITY);
  expect(rate.burst('a')).toBe(10);
});

test('what is charged afterwards is waited for by what is taken next', () => {
  const rate = rateOf(10, 1_000);
  expect(rate.take('a', 10)).toBe(0);
  rate.charge('a', 10);
  expect(rate.take('a', 1)).toBeCloseTo(1_100);
  rate.pass(1_100);
  expect(rate.burst('a')).toBe(1);
});

test('what one caller takes is no matter to another', () => {
  const rate = rateOf(10, 1_000);
  expect(rate.burst('a')).toBe(10);
  expect(rate.burst('b')).toBe(10);
  expect(rate.burst('a')).toBe(0);
});

describe('a flood of callers', () => {
  const CALLERS = 100_000;

  test('is told apart only up to a bound, and resets no allowance that is in use', () => {
    const rate = rateOf(10, 60_000);
    expect(rate.burst('early')).toBe(10);
    for (let n = 0; n < CALLERS; n++) rate.take(`flood-${n}`, 1);
    expect(rate.burst('early')).toBe(0);
    // Those beyond the bound have one allowance together.
    const beyond = ['x', 'y', 'z'].map(rate.burst);
    expect(beyond.reduce((a, b) => a + b)).toBeLessThanOrEqual(10);
  });

  test('is forgotten when its allowances are whole again', () => {
    const rate = rateOf(10, 60_000);
    for (let n = 0; n < CALLERS; n++) rate.take(`flood-${n}`, 1);
    rate.pass(60_000);
    rate.take('first after it', 1);
    expect([rate.burst('x'), rate.burst('y')]).toEqual([10, 10]);
  });
});
