// How many retries are allowed, on a clock that the test sets.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRetryBudget } from '../../src/upstream/retry-budget.ts';

function budgetOnClock() {
  let at = 0;
  return {
    ...createRetryBudget(() => at),
    pass: (ms: number) => {
      at += ms;
    },
  };
}

/** How many retries are allowed now, in a row. */
function all(budget: { spend(): boolean }): number {
  let spent = 0;
  while (spent < 100_000 && budget.spend()) spent += 1;
  return spent;
}

test('a budget starts with ten retries: one a second for ten seconds', () => {
  expect(all(budgetOnClock())).toBe(10);
});

test('a budget gains one retry a second, and keeps ten at most', () => {
  const budget = budgetOnClock();
  all(budget);
  budget.pass(999);
  expect(all(budget)).toBe(0);
  budget.pass(1);
  expect(all(budget)).toBe(1);
  budget.pass(3_600_000);
  expect(all(budget)).toBe(10);
});

test('a budget allows a fifth of the calls made in addition', () => {
  const budget = budgetOnClock();
  all(budget);
  for (let n = 0; n < 100; n++) budget.earn();
  // A fifth is no exact number in binary.
  expect([19, 20]).toContain(all(budget));
});

test('a budget loses what calls have added within ten seconds', () => {
  const budget = budgetOnClock();
  for (let n = 0; n < 1_000; n++) budget.earn();
  budget.pass(10_000);
  expect(all(budget)).toBe(10);
});

test('a budget never allows more retries than a fifth of the calls, one a second, and ten', () => {
  const step = fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), calls: fc.nat(60), retries: fc.nat(60) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const budget = budgetOnClock();
      let [seconds, calls, retries] = [0, 0, 0];
      for (const each of steps) {
        budget.pass(each.afterMs);
        seconds += each.afterMs / 1_000;
        for (let n = 0; n < each.calls; n++) budget.earn();
        calls += each.calls;
        for (let n = 0; n < each.retries; n++) if (budget.spend()) retries += 1;
        expect(retries).toBeLessThanOrEqual(0.2 * calls + seconds + 10 + 1e-6);
      }
    }),
  );
});

test('a budget allows fifty failing calls a second a fifth more and one a second', () => {
  const budget = budgetOnClock();
  let retries = 0;
  for (let n = 0; n < 3_000; n++) {
    budget.earn();
    while (budget.spend()) retries += 1;
    budget.pass(20);
  }
  expect(retries).toBeLessThanOrEqual(0.2 * 3_000 + 60 + 10);
  // The bound can be reached.
  expect(retries).toBeGreaterThan(0.2 * 3_000 + 60);
});
