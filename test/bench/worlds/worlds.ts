// Five worlds of invitations: how soon each one changes after it was sent, and at which ones callers look.

export interface World {
  readonly title: string;
  /** In how many milliseconds one that is sent at that time changes; Infinity where it never does. */
  changesIn(sentAt: number, random: Random): number;
  /** Which part of those that were sent at that time is unchanged at that age. */
  unchanged(ageMs: number, sentAt: number): number;
  /** Whether callers look at the newest ones, or at any. */
  readonly looksAtNewest: boolean;
  /** What must hold of six hours. */
  readonly atMost: AtMost;
}

/** × the rotation by age. */
export interface AtMost {
  readonly untrue: number;
  readonly changeToAnswer: number;
}

export const HOUR = 3_600_000;
const SECOND = 1_000;

type Law = Pick<World, 'changesIn' | 'unchanged'>;

/** Half of those that change have done so after the median. */
function lognormal(median: (sentAt: number) => number, sigma: number, never: number): Law {
  return {
    changesIn: (sentAt, random) =>
      random.share() < never ? Number.POSITIVE_INFINITY : median(sentAt) * Math.exp(sigma * random.normal()),
    unchanged: (ageMs, sentAt) =>
      ageMs <= 0 ? 1 : never + (1 - never) * (1 - normalUntil(Math.log(ageMs / median(sentAt)) / sigma)),
  };
}

function exponential(meanMs: number): Law {
  return {
    changesIn: (_, random) => random.exponential(meanMs),
    unchanged: (ageMs) => Math.exp(-ageMs / meanMs),
  };
}

/** The part of a normal distribution below `x` (Abramowitz and Stegun 7.1.26). */
function normalUntil(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const half = (poly * Math.exp((-x * x) / 2)) / 2;
  return x < 0 ? half : 1 - half;
}

const delivery = (median: (sentAt: number) => number) => lognormal(median, 1.5, 0.2);

export const WORLDS: Readonly<Record<string, World>> = {
  a: {
    title: 'deliveries, median 30 s, any are looked at',
    ...delivery(() => 30 * SECOND),
    looksAtNewest: false,
    atMost: { untrue: 0.25, changeToAnswer: 0.25 },
  },
  b: {
    title: 'the same, the newest are looked at',
    ...delivery(() => 30 * SECOND),
    looksAtNewest: true,
    atMost: { untrue: 0.25, changeToAnswer: 0.25 },
  },
  c: {
    title: 'replies, median 2 h',
    ...lognormal(() => 2 * HOUR, 1.8, 0.3),
    looksAtNewest: false,
    atMost: { untrue: 1.05, changeToAnswer: 1.05 },
  },
  d: {
    title: 'changes that know no time, mean 10 min',
    ...exponential(600 * SECOND),
    looksAtNewest: false,
    atMost: { untrue: 1.05, changeToAnswer: 1.05 },
  },
  e: {
    title: 'b, but after 2 h deliveries take 10 min',
    ...delivery((sentAt) => (sentAt < 2 * HOUR ? 30 : 600) * SECOND),
    looksAtNewest: true,
    atMost: { untrue: 0.8, changeToAnswer: 1.1 },
  },
};

/** @throws where there is none of that name. */
export function worldOf(name: string): World {
  const world = WORLDS[name];
  if (world === undefined) throw new Error(`there is no world ${name}: there are ${Object.keys(WORLDS).join(', ')}`);
  return world;
}

/** Numbers by chance, the same ones for the same seed. */
export class Random {
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 to 1. */
  share(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.share())) * Math.cos(2 * Math.PI * this.share());
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.share());
  }
}
