// An hour of the world of deliveries, on a clock of its own: the order as built holds, and an order that lacks a part of it
// fails by what the part is for. `npm run bench:quota` has all worlds, and six hours of each.

import { beforeAll, describe, expect, test } from 'vitest';
import { outcomesOf } from './apart.ts';
import { failuresOf } from './failures.ts';
import { CONTROLS } from './modes.ts';
import type { Outcome } from './outcome.ts';

/** × the rotation by age. In six hours it is a quarter: in one there is less to learn from, and fewer are waiting. */
const AT_MOST = { untrue: 0.5, changeToAnswer: 0.5 };

describe('in a world of deliveries', () => {
  let outcomes: Record<'rotation' | 'as built' | (typeof CONTROLS)[number], Outcome>;
  // Some seconds of work, in processes that share the machine with other tests.
  beforeAll(async () => {
    outcomes = await outcomesOf(['rotation', 'as built', ...CONTROLS], { name: 'a', seed: 1, hours: 1 });
  }, 120_000);

  const failures = (mode: keyof typeof outcomes) => failuresOf(outcomes[mode], outcomes.rotation, AT_MOST);

  test('the order as built holds', () => {
    expect(failures('as built')).toEqual([]);
  });

  test.each([
    ['without learning', ['not true', 'change to answer']],
    ['without turns', ['longest wait']],
  ] as const)('the order %s fails by %j, and by nothing else', (mode, figures) => {
    expect(failures(mode)).toEqual(figures);
  });
});
