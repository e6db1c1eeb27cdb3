// The figures of some orders in one world, beside those of the rotation.

import type { Outcome } from './outcome.ts';

export function printTable(title: string, outcomes: Readonly<Record<string, Outcome>>, rotation: Outcome): void {
  console.log(title);
  const rows = Object.entries(outcomes).map(([mode, outcome]) => [mode, rowOf(outcome, rotation)] as const);
  console.table(Object.fromEntries(rows));
}

function rowOf(outcome: Outcome, rotation: Outcome) {
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
