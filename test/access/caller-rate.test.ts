// How much passes in a while, on a clock that the test sets.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRate } from '../../src/access/caller-rate.ts';

function rateOf(limit = 10, windowMs = 1_000) {
  let at = 0;
  const rate = createRate(limit, windowMs, () => at);
  return {
    ...rate,
    pass(ms: number) {
      at += ms;
    },
  };
}

describe('a caller', () => {
  test('takes a burst, and then evenly', () => {
    const { take, pass } = rateOf();
    for (let n = 0; n < 10; n++) expect(take('a', 1)).toBe(0);
    expect(take('a', 1)).toBeCloseTo(100);
    pass(99);
    expect(take('a', 1)).toBeCloseTo(1);
    pass(1);
    expect(take('a', 1)).toBe(0);
    expect(take('a', 1)).toBeCloseTo(100);
    // Of another caller nothing is taken.
    expect(take('b', 10)).toBe(0);
  });

  test('takes all or nothing, and may after the time that it was told', () => {
    const { take, pass } = rateOf();
    take('a', 8);
    const waitMs = take('a', 5);
    expect(waitMs).toBeCloseTo(300);
    expect(take('a', 2)).toBe(0);
    pass(waitMs + 200);
    expect(take('a', 5)).toBe(0);
  });

  test('that wants more than a burst gets it once everything is back', () => {
    const { take, pass } = rateOf();
    expect(take('a', 100)).toBe(0);
    expect(take('a', 100)).toBeCloseTo(1_000);
    pass(1_000);
    expect(take('a', 100)).toBe(0);
  });

  test('that was charged for what it had pays before it takes more', () => {
    const { take, charge, pass } = rateOf();
    charge('a', 15);
    expect(take('a', 1)).toBeCloseTo(600);
    pass(600);
    expect(take('a', 1)).toBe(0);
  });

  test('never takes more than twice the limit in one window, nor more than the limit and a rate in any', () => {
    const steps = fc.array(fc.record({ ms: fc.nat(400), count: fc.integer({ min: 1, max: 10 }) }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (each) => {
        const { take, pass } = rateOf();
        const taken: { at: number; count: number }[] = [];
        let at = 0;
        for (const { ms, count } of each) {
          pass(ms);
          at += ms;
          if (take('a', count) === 0) taken.push({ at, count });
        }
        for (const { at: from } of taken) {
          for (const spanMs of [100, 250, 1_000, 3_000]) {
            const within = taken.filter((one) => one.at >= from && one.at <= from + spanMs);
            const sum = within.reduce((all, { count }) => all + count, 0);
            expect(sum).toBeLessThanOrEqual(10 + (10 * spanMs) / 1_000 + 1e-6);
          }
        }
      }),
    );
  });
});

test('a flood of callers cannot make the rate forget one who has used it up', () => {
  const { take } = rateOf(1, 60_000);
  expect(take('a', 1)).toBe(0);
  for (let n = 0; n < 150_000; n++) take(`flood-${n}`, 1);
  expect(take('a', 1)).toBeGreaterThan(0);
});
