// How likely a state of one class is to change, by its age: changes and exposure in bins on a logarithmic scale. A change
// that a read finds happened at some moment between that read and the one before, and is spread over the bins between
// them. What a bin has no evidence of is taken from its neighbours, then from its class, then from all classes. All times
// are in milliseconds.

/** The first bin ends here. Each following one begins half an octave later than the one before. */
const FIRST_MS = 1_000;
const BINS_PER_OCTAVE = 2;
/** The last one begins after twelve days. */
const BINS = 42;

/** A state of which nothing is known changes once in so long. */
export const UNKNOWN_MS = 7_200_000;

/** How many changes the general rate counts for in a class, and the rate of the class in a bin. */
const CLASS_PRIOR = 0.5;
const BIN_PRIOR = 0.25;

/** How much the evidence of other bins counts, by their distance. */
const NEIGHBOURS = [1, 0.5, 0.2];

/** Where each bin begins, and the end of the last one. */
const BEGINS = Float64Array.from({ length: BINS + 1 }, (_, bin) =>
  bin === 0 ? 0 : bin === BINS ? Number.POSITIVE_INFINITY : FIRST_MS * 2 ** ((bin - 1) / BINS_PER_OCTAVE),
);

/** Which bin an age is in. */
export function binOf(ageMs: number): number {
  if (ageMs < FIRST_MS) return 0;
  return Math.min(BINS - 1, 1 + Math.floor(BINS_PER_OCTAVE * Math.log2(ageMs / FIRST_MS)));
}

/** Changes and exposure of all classes together. */
export interface Total {
  readonly changes: number;
  readonly exposureMs: number;
}

/** What was found of a state: unchanged from one age to another, or changed in between. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
  readonly hasChanged: boolean;
}

/** What a histogram has found, by bin. */
export interface Findings {
  readonly changes: readonly number[];
  readonly exposureMs: readonly number[];
}

export class Histogram {
  readonly #changes = new Float64Array(BINS);
  readonly #exposureMs = new Float64Array(BINS);
  /** Changes a millisecond in each bin, and how many are expected before it begins. */
  readonly #rate = new Float64Array(BINS).fill(1 / UNKNOWN_MS);
  readonly #before = new Float64Array(BINS);

  constructor() {
    this.#sum();
  }

  /** @returns for how long the state was exposed: one that has changed only until then. */
  add({ fromMs, toMs, hasChanged }: Interval, weight: number): number {
    const last = binOf(toMs);
    // Where between the two reads it changed is not known: it is spread as changes were expected there.
    const mass = hasChanged ? this.expected(toMs) - this.expected(fromMs) : 0;
    let later = 1;
    let allMs = 0;
    for (let bin = binOf(fromMs); bin <= last; bin++) {
      const overlapMs = Math.min(toMs, at(BEGINS, bin + 1)) - Math.max(fromMs, at(BEGINS, bin));
      const share = mass > 0 ? (overlapMs * at(this.#rate, bin)) / mass : 0;
      later -= share;
      const exposedMs = hasChanged ? overlapMs * Math.max(0, later + share / 2) : overlapMs;
      allMs += exposedMs;
      add(this.#exposureMs, bin, weight * exposedMs);
      add(this.#changes, bin, weight * share);
    }
    return allMs;
  }

  /** Computes the rates from what was added. @param unit What new evidence weighs now. */
  fit(all: Total, unit: number): void {
    const general = (all.changes / unit + CLASS_PRIOR) / (all.exposureMs / unit + CLASS_PRIOR * UNKNOWN_MS);
    const own = this.total();
    const ofClass = (own.changes / unit + CLASS_PRIOR) / (own.exposureMs / unit + CLASS_PRIOR / general);
    for (let bin = 0; bin < BINS; bin++) {
      let [near, nearMs] = [0, 0];
      for (let distance = 1 - NEIGHBOURS.length; distance < NEIGHBOURS.length; distance++) {
        const other = bin + distance;
        if (other < 0 || other >= BINS) continue;
        const weight = NEIGHBOURS[Math.abs(distance)] ?? 0;
        near += weight * at(this.#changes, other);
        nearMs += weight * at(this.#exposureMs, other);
      }
      this.#rate[bin] = (near / unit + BIN_PRIOR) / (nearMs / unit + BIN_PRIOR / ofClass);
    }
    this.#sum();
  }

  /** How many changes are expected until that age. */
  expected(ageMs: number): number {
    const bin = binOf(ageMs);
    return at(this.#before, bin) + (ageMs - at(BEGINS, bin)) * at(this.#rate, bin);
  }

  /** The age until which so many changes are expected. */
  ageAt(expected: number): number {
    let bin = 0;
    while (bin < BINS - 1 && at(this.#before, bin + 1) <= expected) bin += 1;
    return at(BEGINS, bin) + (expected - at(this.#before, bin)) / at(this.#rate, bin);
  }

  total(): Total {
    let [changes, exposureMs] = [0, 0];
    for (let bin = 0; bin < BINS; bin++) {
      changes += at(this.#changes, bin);
      exposureMs += at(this.#exposureMs, bin);
    }
    return { changes, exposureMs };
  }

  /** Makes all that was added weigh that many times as much. */
  scale(factor: number): void {
    for (const array of [this.#changes, this.#exposureMs]) {
      for (let bin = 0; bin < BINS; bin++) array[bin] = at(array, bin) * factor;
    }
  }

  findings(): Findings {
    return { changes: [...this.#changes], exposureMs: [...this.#exposureMs] };
  }

  /** Adds what another one has found. */
  merge({ changes, exposureMs }: Findings, weight: number): void {
    for (let bin = 0; bin < BINS; bin++) {
      add(this.#changes, bin, weight * (changes[bin] ?? 0));
      add(this.#exposureMs, bin, weight * (exposureMs[bin] ?? 0));
    }
  }

  #sum(): void {
    let sum = 0;
    for (let bin = 0; bin < BINS; bin++) {
      this.#before[bin] = sum;
      sum += (at(BEGINS, bin + 1) - at(BEGINS, bin)) * at(this.#rate, bin);
    }
  }
}

function at(array: Float64Array, index: number): number {
  return array[index] ?? 0;
}

function add(array: Float64Array, index: number, value: number): void {
  array[index] = at(array, index) + value;
}
