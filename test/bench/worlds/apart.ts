// Simulations, each in a process of its own, because it sets the clocks of the process.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { SimulatedClock } from './clock.ts';
import type { Mode } from './modes.ts';
import type { Outcome } from './outcome.ts';
import { Simulation } from './simulation.ts';
import { worldOf } from './worlds.ts';

export interface Run {
  /** Of the world. */
  readonly name: string;
  readonly seed: number;
  /** The second half of them is counted. */
  readonly hours: number;
}

/** One after the other. */
export async function outcomesOf<M extends Mode>(modes: readonly M[], run: Run): Promise<Record<M, Outcome>> {
  const outcomes: [M, Outcome][] = [];
  for (const mode of modes) outcomes.push([mode, await apart(mode, run)]);
  return Object.fromEntries(outcomes) as Record<M, Outcome>;
}

async function apart(mode: Mode, run: Run): Promise<Outcome> {
  const child = fork(import.meta.filename, [JSON.stringify({ mode, ...run })], { execArgv: [] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`world ${run.name} ended with ${code} without an outcome`);
  });
  const [outcome] = await Promise.race([once(child, 'message'), ended]);
  return outcome as Outcome;
}

async function one({ mode, name, seed, hours }: Run & { mode: Mode }): Promise<void> {
  // It does not outlive who asked for it.
  process.once('disconnect', () => process.exit());
  const clock = new SimulatedClock();
  clock.install();
  const outcome = await new Simulation(clock, worldOf(name), mode, seed).run(hours);
  process.send?.(outcome, () => process.exit(0));
}

if (import.meta.main) await one(JSON.parse(process.argv[2] ?? ''));
