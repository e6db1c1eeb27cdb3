// The proof that reads are spent where something has probably changed: five worlds, each with a rotation by age, with the
// order as built, and with one that knows when everything changes; hours of each on a clock of its own. Run for itself it
// takes seeds and worlds: `node test/bench/worlds/main.ts --seeds 1,2,3 --worlds ab`. One seed of all takes a few minutes.
// `--controls` shows instead that the proof can fail (controls.ts).

import { parseArgs } from 'node:util';
import { outcomesOf } from './apart.ts';
import { controlsFail } from './controls.ts';
import { failuresOf } from './failures.ts';
import { MODES } from './modes.ts';
import { printTable } from './table.ts';
import { WORLDS, worldOf } from './worlds.ts';

const HOURS = 6;

/** @returns whether every figure holds. */
export async function worldsBench(seeds: readonly number[], names = Object.keys(WORLDS)): Promise<boolean> {
  let holds = true;
  for (const name of names) {
    for (const seed of seeds) holds = (await compare(name, seed)) && holds;
  }
  return holds;
}

async function compare(name: string, seed: number): Promise<boolean> {
  const { title, atMost } = worldOf(name);
  const outcomes = await outcomesOf(MODES, { name, seed, hours: HOURS });
  const { rotation, 'as built': built } = outcomes;
  printTable(`world ${name} (${title}), seed ${seed}`, outcomes, rotation);
  const failures = failuresOf(built, rotation, atMost);
  const areRefused = MODES.some((mode) => outcomes[mode].refused > 0);
  const holds = failures.length === 0 && !areRefused;
  if (!holds) {
    const figures = failures.join(', ') || 'another order: 429';
    console.log(`world ${name} does not hold by: ${figures} (at most ${JSON.stringify(atMost)} × rotation)`);
  }
  return holds;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1' },
      worlds: { type: 'string', default: Object.keys(WORLDS).join('') },
      controls: { type: 'boolean', default: false },
    },
  });
  const seeds = values.seeds.split(',').map(Number);
  const holds = values.controls ? await controlsFail(seeds, HOURS) : await worldsBench(seeds, [...values.worlds]);
  if (!holds) process.exitCode = 1;
}
