// `npm run test:schedules [-- seed...]`: twenty random schedules, one after the other, each with its seed.

import { endRuns } from '../process.ts';
import { isKept, LIMIT, LIMIT_BESIDE_ONE, runSchedule } from './schedule.ts';

const given = process.argv.slice(2).map(Number);
const first = Math.floor(Math.random() * 1e6);
const seeds = given.length > 0 ? given : Array.from({ length: 20 }, (_, n) => first + n);
let failed = 0;
const WINDOW_MS = 4_000;
for (const seed of seeds) {
  const outcome = await runSchedule(seed, { windowMs: WINDOW_MS, faults: 4 });
  const { steps, most, mostBesideOne, usedWell } = outcome;
  if (!isKept(outcome)) failed += 1;
  process.stdout.write(
    `${isKept(outcome) ? 'passed' : 'FAILED'}: seed ${seed}: at most ${most} calls in ${WINDOW_MS} ms (limit ${LIMIT}), ` +
      `${mostBesideOne} where one process was without Redis (limit ${LIMIT_BESIDE_ONE}); ` +
      `${Math.round(usedWell * 100)} % of the quota used while all was well; ${steps.join('; ')}\n`,
  );
}
await endRuns();
process.exit(failed === 0 ? 0 : 1);
