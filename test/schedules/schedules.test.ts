// Three random schedules of `npm run test:schedules`, shorter ones. A seed that fails is to be given to that command.

import { afterAll, describe, expect, test } from 'vitest';
import { endRuns } from '../process.ts';
import { LIMIT, LIMIT_BESIDE_ONE, runSchedule, UNAWARE } from './schedule.ts';

afterAll(endRuns);

const seeds = Array.from({ length: 3 }, () => Math.floor(Math.random() * 1e6));

describe('three processes that share an account keep its quota, whatever becomes of Redis and of them', () => {
  test.concurrent.each(seeds)('seed %i', { timeout: 120_000 }, async (seed) => {
    const { most, mostBesideOne, usedWell, early, steps } = await runSchedule(seed, { windowMs: 3_000, faults: 2 });
    expect(most, steps.join('; ')).toBeLessThanOrEqual(LIMIT);
    expect(mostBesideOne, steps.join('; ')).toBeLessThanOrEqual(LIMIT_BESIDE_ONE);
    expect(usedWell).toBeGreaterThan(0.9);
    expect(early, steps.join('; ')).toBe(0);
  });
});

test('processes that know nothing of what others have used are found to pass the limit', {
  timeout: 60_000,
}, async () => {
  const { most, steps } = await runSchedule(seeds[0] ?? 0, { windowMs: 2_000, ...UNAWARE });
  expect(most, steps.join('; ')).toBeGreaterThan(LIMIT);
});
