import { expect, test } from 'vitest';
import { Durations } from '../../../src/telemetry/status/durations.ts';

test('mean and quantiles are of what was counted', () => {
  const durations = new Durations(60_000);
  for (let n = 1; n <= 100; n++) durations.add(n * 10, n);
  expect(durations.count(100)).toBe(100);
  expect(durations.meanMs(100)).toBeCloseTo(505);
  for (const part of [0.01, 0.5, 0.99, 1]) {
    const quantile = durations.quantileMs(part, 100) ?? 0;
    expect(quantile / (part * 1_000)).toBeGreaterThan(0.89);
    expect(quantile / (part * 1_000)).toBeLessThan(1.12);
  }
});

test('what is older than twice the while counts no more', () => {
  const durations = new Durations(1_000);
  durations.add(5, 0);
  durations.add(7, 999);
  expect(durations.count(1_500)).toBe(2);
  durations.add(9, 1_600);
  expect(durations.count(2_400)).toBe(3);
  expect(durations.count(2_600)).toBe(1);
  expect(durations.count(9_999)).toBe(0);
  expect([durations.meanMs(9_999), durations.quantileMs(0.5, 9_999)]).toEqual([undefined, undefined]);
});

test.each([0, 0.2, 1, 1e12])('takes %d ms', (ms) => {
  const durations = new Durations(1_000);
  durations.add(ms, 0);
  expect(durations.quantileMs(0.5, 0)).toBeGreaterThan(0);
});
