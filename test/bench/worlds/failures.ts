// What an order is to reach in a world, and by which figures it does not.

import type { Outcome } from './outcome.ts';
import type { AtMost } from './worlds.ts';

const MOST_ROUNDS = 2.5;
const LEAST_USED = 0.97;

export type Figure = 'not true' | 'change to answer' | 'longest wait' | 'quota used' | '429';

/** @returns the figures that do not hold. */
export function failuresOf(outcome: Outcome, rotation: Outcome, atMost: AtMost): Figure[] {
  // What is no number does not hold.
  const holds: [Figure, boolean][] = [
    ['not true', outcome.untrue / rotation.untrue <= atMost.untrue],
    ['change to answer', outcome.changeToAnswer / rotation.changeToAnswer <= atMost.changeToAnswer],
    ['longest wait', outcome.longestWait <= MOST_ROUNDS],
    ['quota used', outcome.quotaUsed >= LEAST_USED],
    ['429', outcome.refused === 0],
  ];
  return holds.filter(([, isHeld]) => !isHeld).map(([figure]) => figure);
}
