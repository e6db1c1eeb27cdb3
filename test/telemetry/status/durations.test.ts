import { expect, test } from 'vitest';
import { Durations } from '../../../src/telemetry/status/durations.ts';

test('mean and quantiles are of what was counted', () => {
  const durations = new Durations();
  for (let n = 1; n <= 100; n++) durations.add(n * 10);
  expect(durations.count).toBe(100);
  expect(durations.meanMs).toBeCloseTo(505);
  for (const part of [0.01, 0.5, 0.99, 1]) {
    const quantile = durations.quantileMs(part) ?? 0;
    expect(quantile / (part * 1_000)).toBeGreaterThan(0.93);
    expect(quantile / (part * 1_000)).toBeLessThan(1.07);
  }
});

test('what was counted two turns ago counts no more', () => {
  const durations = new Durations();
  durations.add(5);
  durations.turn();
  durations.add(7);
  expect(durations.count).toBe(2);
  durations.turn();
  expect(durations.count).toBe(1);
  expect(durations.meanMs).toBe(7);
  durations.turn();
  expect([durations.count, durations.meanMs, durations.quantileMs(0.5), durations.middleAndWorst]).toEqual([
    0,
    undefined,
    undefined,
    null,
  ]);
});

test('every length from a millisecond to a day is at most a fifteenth off', () => {
  for (let ms = 1; ms <= 86_400_000; ms *= 1.037) {
    const durations = new Durations();
    durations.add(ms);
    const ratio = (durations.quantileMs(1) ?? 0) / ms;
    expect(ratio).toBeGreaterThan(14 / 15);
    expect(ratio).toBeLessThan(16 / 15);
  }
});

test.each([0, 0.2, 1, 1e12])('takes %d ms', (ms) => {
  const durations = new Durations();
  durations.add(ms);
  expect(durations.quantileMs(0.5)).toBeGreaterThan(0);
});
