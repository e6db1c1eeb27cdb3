// The proof that reads are spent where something has probably changed: five worlds, each with a rotation by age, with the
// order as built, and with one that knows when everything changes; hours of each on a clock of its own. Run for itself it
// takes seeds and worlds: `node test/bench/worlds/main.ts --seeds 1,2,3 --worlds ab`. One seed of all takes a few minutes.
// With `--controls` it shows that the proof can fail: in world a without what is learned, and without the turns of what has
// waited longest.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { SimulatedClock } from './clock.ts';
import { CONTROLS, MODES, type Mode, type Outcome, Simulation } from './simulation.ts';
import { WORLDS, type World } from './worlds.ts';

/** Counted are the last hours of each. */
const HOURS = 6;
const MOST_ROUNDS = 2.5;
const LEAST_USED = 0.97;

/** @returns whether every figure holds. */
export async function worldsBench(seeds: readonly number[], names = Object.keys(WORLDS)): Promise<boolean> {
  let holds = true;
  for (const name of names) {
    const world = WORLDS[name];
    if (world === undefined) throw new Error(`there is no world ${name}`);
    for (const seed of seeds) holds = (await compare(name, world, seed)) && holds;
  }
  return holds;
}

async function compare(name: string, world: World, seed: number): Promise<boolean> {
  const outcomes: Outcome[] = [];
  for (const mode of MODES) outcomes.push(await apart(name, mode, seed));
  const [rotation, built] = outcomes;
  if (rotation === undefined || built === undefined) return false;
  console.log(`world ${name} (${world.title}), seed ${seed}`);
  console.table(Object.fromEntries(MODES.map((mode, n) => [mode, row(outcomes[n], rotation)])));
  const holds =
    !isTooUntrue(world, built, rotation) &&
    !isTooLate(built) &&
    built.quotaUsed >= LEAST_USED &&
    outcomes.every(({ refused }) => refused === 0);
  if (!holds) console.log(`world ${name} does not hold: at most ${JSON.stringify(world.atMost)} × rotation`);
  return holds;
}

/** @returns whether the proof fails with each of them, by the figure that it is to fail by. */
async function controls(seeds: readonly number[]): Promise<boolean> {
  const name = 'a';
  const world = WORLDS[name];
  if (world === undefined) throw new Error(`there is no world ${name}`);
  let fail = true;
  for (const seed of seeds) {
    const modes = ['rotation', ...CONTROLS] as const;
    const outcomes: Outcome[] = [];
    for (const mode of modes) outcomes.push(await apart(name, mode, seed));
    const [rotation, unlearned, unbounded] = outcomes;
    if (rotation === undefined || unlearned === undefined || unbounded === undefined) return false;
    console.log(`world ${name} (${world.title}), seed ${seed}, with orders that lack a part`);
    console.table(Object.fromEntries(modes.map((mode, n) => [mode, row(outcomes[n], rotation)])));
    const [tooUntrue, tooLate] = [isTooUntrue(world, unlearned, rotation), isTooLate(unbounded)];
    console.log(
      `without learning, too much is not true: ${tooUntrue}; without turns, something waits too long: ${tooLate}`,
    );
    fail &&= tooUntrue && tooLate;
  }
  return fail;
}

function isTooUntrue({ atMost }: World, outcome: Outcome, rotation: Outcome): boolean {
  return (
    outcome.untrue / rotation.untrue > atMost.untrue ||
    outcome.changeToAnswer / rotation.changeToAnswer > atMost.changeToAnswer
  );
}

function isTooLate({ longestWait }: Outcome): boolean {
  return longestWait > MOST_ROUNDS;
}

function row(outcome: Outcome | undefined, rotation: Outcome) {
  if (outcome === undefined) return {};
  const times = (value: number, of: number) => `${value.toFixed(1)} (${(value / of).toFixed(2)} ×)`;
  return {
    'not true, %': times(100 * outcome.untrue, 100 * rotation.untrue),
    'change to read, s': times(outcome.changeToRead, rotation.changeToRead),
    'to answer, s': times(outcome.changeToAnswer, rotation.changeToAnswer),
    'p90, s': outcome.changeToAnswerP90.toFixed(0),
    'mean age, s': outcome.meanAge.toFixed(0),
    'longest wait, rounds': outcome.longestWait.toFixed(2),
    reads: outcome.reads,
    'quota used': outcome.quotaUsed.toFixed(3),
    '429': outcome.refused,
    'found / expected, %': `${(100 * outcome.changed).toFixed(1)} / ${(100 * outcome.expected).toFixed(1)}`,
  };
}

/** In a process of its own, because it sets the clocks of the process. */
async function apart(name: string, mode: Mode, seed: number): Promise<Outcome> {
  const child = fork(import.meta.filename, ['--one', JSON.stringify([name, mode, seed])]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`world ${name} ended with ${code} without an outcome`);
  });
  const [outcome] = await Promise.race([once(child, 'message'), ended]);
  return outcome as Outcome;
}

async function one(text: string): Promise<void> {
  const [name, mode, seed] = JSON.parse(text) as [string, Mode, number];
  const world = WORLDS[name];
  if (world === undefined) throw new Error(`there is no world ${name}`);
  // It does not outlive the benchmark.
  process.once('disconnect', () => process.exit());
  const clock = new SimulatedClock();
  clock.install();
  const outcome = await new Simulation(clock, world, mode, seed).run(HOURS);
  process.send?.(outcome, () => process.exit(0));
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1' },
      worlds: { type: 'string', default: Object.keys(WORLDS).join('') },
      controls: { type: 'boolean', default: false },
      one: { type: 'string' },
    },
  });
  const seeds = values.seeds.split(',').map(Number);
  if (values.one !== undefined) await one(values.one);
  else if (!(await (values.controls ? controls(seeds) : worldsBench(seeds, [...values.worlds])))) process.exitCode = 1;
}
