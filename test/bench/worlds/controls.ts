// The proof can fail: in world a the order as built holds, and an order that lacks a part of it fails by the figures that the
// part is for. Where a control holds that is to fail, the proof would not notice that the part is missing.

import { outcomesOf } from './apart.ts';
import { type Figure, failuresOf } from './failures.ts';
import { CONTROLS } from './modes.ts';
import { printTable } from './table.ts';
import { worldOf } from './worlds.ts';

/** By which figures each is to fail at least. */
const MUST_FAIL_BY: Readonly<Record<(typeof CONTROLS)[number], readonly Figure[]>> = {
  'without learning': ['not true', 'change to answer'],
  'without turns': ['longest wait'],
};

/** @returns whether the order as built holds, and each control fails as it must. */
export async function controlsFail(seeds: readonly number[], hours: number): Promise<boolean> {
  const name = 'a';
  const { title, atMost } = worldOf(name);
  let areRight = true;
  for (const seed of seeds) {
    const outcomes = await outcomesOf(['rotation', 'as built', ...CONTROLS], { name, seed, hours });
    const { rotation } = outcomes;
    printTable(`world ${name} (${title}), seed ${seed}, also with orders that lack a part`, outcomes, rotation);
    for (const mode of ['as built', ...CONTROLS] as const) {
      const by = failuresOf(outcomes[mode], rotation, atMost);
      const isRight = mode === 'as built' ? by.length === 0 : MUST_FAIL_BY[mode].every((figure) => by.includes(figure));
      const what = by.length === 0 ? 'holds' : `fails by: ${by.join(', ')}`;
      console.log(`${mode}: ${what}${isRight ? ', as it must' : ', which is WRONG'}`);
      areRight &&= isRight;
    }
  }
  return areRight;
}
