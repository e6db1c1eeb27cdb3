// Servers that take turns, or are asked at the same time, so that what else the machine does meanwhile falls on each alike.

import { middle } from './figures.ts';

/** Rounds that do not count: in these the answers are checked. */
const WARM_UPS = 3;

/**
 * In each round every kind has one turn.
 * @param turn Measures one of them.
 * @returns the middle of all rounds' ratios of one kind to another.
 */
export function ratiosByTurns<Kind extends string>(
  kinds: readonly Kind[],
  rounds: number,
  turn: Measure<Kind>,
): Promise<RatioOf<Kind>> {
  return ratiosOf<Kind>(rounds, async (n) => {
    const figures = new Map<Kind, number>();
    // Each is as often the first one.
    for (const kind of n % 2 === 0 ? kinds : kinds.toReversed()) figures.set(kind, await turn(kind, n < 0));
    return figures;
  });
}

/** The same, all of them at the same time: for what is measured by a server's own processor time. */
export function ratiosTogether<Kind extends string>(
  kinds: readonly Kind[],
  rounds: number,
  turn: Measure<Kind>,
): Promise<RatioOf<Kind>> {
  return ratiosOf<Kind>(
    rounds,
    async (n) => new Map(await Promise.all(kinds.map(async (kind) => [kind, await turn(kind, n < 0)] as const))),
  );
}

type Measure<Kind> = (kind: Kind, isChecked: boolean) => Promise<number>;
type RatioOf<Kind> = (kind: Kind, beside: Kind) => number;

async function ratiosOf<Kind extends string>(
  rounds: number,
  roundOf: (n: number) => Promise<ReadonlyMap<Kind, number>>,
): Promise<RatioOf<Kind>> {
  const measured: ReadonlyMap<Kind, number>[] = [];
  for (let n = -WARM_UPS; n < rounds; n++) {
    const figures = await roundOf(n);
    if (n >= 0) measured.push(figures);
  }
  return (kind, beside) =>
    middle(
      measured.map((figures) => (figures.get(kind) ?? Number.NaN) / (figures.get(beside) ?? Number.NaN)),
      Number,
    );
}
