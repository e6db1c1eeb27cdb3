import { expect, test } from 'vitest';
import { Hour, POINTS } from '../../../src/telemetry/status/hour.ts';

test('an hour gives the newest points, the oldest of them first', () => {
  const hour = new Hour(['calls', 'used']);
  for (let n = 1; n <= 5; n++) hour.add({ calls: n, used: n / 10 });
  expect(hour.series('calls')).toEqual([1, 2, 3, 4, 5]);
  expect(hour.series('calls', 2)).toEqual([4, 5]);
  expect(hour.series('used', 1)[0]).toBeCloseTo(0.5);
  expect(hour.sum('calls', 3)).toBe(12);
  expect(hour.length).toBe(5);
});

test('an hour forgets what is older, and grows no more', () => {
  const hour = new Hour(['calls']);
  for (let n = 0; n < 3 * POINTS + 7; n++) hour.add({ calls: n });
  const series = hour.series('calls');
  expect(series).toHaveLength(POINTS);
  expect(series[0]).toBe(2 * POINTS + 7);
  expect(series.at(-1)).toBe(3 * POINTS + 6);
});
