// Servers that take turns, so that what else the machine does meanwhile falls on each of them alike.

import { middle } from './figures.ts';

/** Rounds that do not count: in these the answers are checked. */
const WARM_UPS = 3;

/**
 * In each round every kind has one turn.
 * @param turn Measures one of them.
 * @returns the middle of all rounds' ratios of one kind to another.
 */
export async function ratiosByTurns<Kind extends string>(
  kinds: readonly Kind[],
  rounds: number,
  turn: (kind: Kind, isChecked: boolean) => Promise<number>,
): Promise<(kind: Kind, beside: Kind) => number> {
  const measured: ReadonlyMap<Kind, number>[] = [];
  for (let n = -WARM_UPS; n < rounds; n++) {
    const figures = new Map<Kind, number>();
    // Every other round is the other way round.
    for (const kind of n % 2 === 0 ? kinds : kinds.toReversed()) figures.set(kind, await turn(kind, n < 0));
    if (n >= 0) measured.push(figures);
  }
  return (kind, beside) =>
    middle(
      measured.map((figures) => (figures.get(kind) ?? Number.NaN) / (figures.get(beside) ?? Number.NaN)),
      Number,
    );
}
