// `npm run test:schedules [-- seed...]`: twenty random schedules, one after the other, each with its seed. Before them comes
// one over processes that know nothing of each other's calls: they have to fail it.

import { endRuns } from '../process.ts';
import { isKept, LIMIT, LIMIT_BESIDE_ONE, runSchedule, UNAWARE } from './schedule.ts';

const given = process.argv.slice(2).map(Number);
const first = given[0] ?? Math.floor(Math.random() * 1e6);
const seeds = given.length > 0 ? given : Array.from({ length: 20 }, (_, n) => first + n);
let failed = 0;
const WINDOW_MS = 4_000;

function print(hasPassed: boolean, what: string): void {
  if (!hasPassed) failed += 1;
  process.stdout.write(`${hasPassed ? 'passed' : 'FAILED'}: ${what}\n`);
}

const unaware = await runSchedule(first, { windowMs: WINDOW_MS, ...UNAWARE });
print(
  unaware.most > LIMIT,
  `processes that know nothing of each other's calls pass the limit: ${unaware.most} in ${WINDOW_MS} ms (limit ${LIMIT}); ` +
    unaware.steps.join('; '),
);
for (const seed of seeds) {
  const outcome = await runSchedule(seed, { windowMs: WINDOW_MS, faults: 4 });
  const { steps, most, mostBesideOne, usedWell } = outcome;
  print(
    isKept(outcome),
    `seed ${seed}: at most ${most} calls in ${WINDOW_MS} ms (limit ${LIMIT}), ` +
      `${mostBesideOne} where one process was without Redis (limit ${LIMIT_BESIDE_ONE}); ` +
      `${Math.round(usedWell * 100)} % of the quota used while all was well; ${steps.join('; ')}`,
  );
}
await endRuns();
process.exit(failed === 0 ? 0 : 1);
