// What callers take of a quota, carried on as it has grown within the hour.

import { POINT_MS, POINTS } from './hour.ts';

/** With fewer points a trend is a guess. */
const LEAST_POINTS = 60;

/**
 * In how many milliseconds callers take all of it, by the line that fits the hour best; null where it does not grow.
 * @param hundredths A point each ten seconds; NaN where it is not known.
 */
export function fullIn(hundredths: readonly number[]): number | null {
  const points = hundredths.slice(-POINTS).flatMap((y, x) => (Number.isNaN(y) ? [] : [{ x, y }]));
  if (points.length < LEAST_POINTS) return null;
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const slope = mean(({ x, y }) => (x - meanX) * (y - meanY)) / mean(({ x }) => (x - meanX) ** 2);
  const now = meanY + slope * (Math.min(hundredths.length, POINTS) - 1 - meanX);
  // What does not grow by a tenth of the quota in an hour is steady.
  if (slope * POINTS < 10) return null;
  return Math.max(0, (100 - now) / slope) * POINT_MS;
}
