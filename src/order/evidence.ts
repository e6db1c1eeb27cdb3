// How likely each state is to change, learned from what reads have found: a histogram by age (histogram.ts) for each class
// of states that change alike. Old evidence fades, so that a provider that becomes slow is followed. It knows no provider,
// no timer and no quota. All times are milliseconds of one clock.

import { binOf, type Findings, Histogram, type Interval, UNKNOWN_MS } from './histogram.ts';

/** Evidence of this age counts half as much as new evidence. */
const HALF_LIFE_MS = 30 * 60_000;

/** Most classes that are told apart; all further ones share one. */
const MAX_CLASSES = 32;
const OTHERS = '';

/** New evidence weighs more and more, in place of all the old evidence weighing less; so far, before all is scaled. */
const MAX_WEIGHT = 1e6;

/** What a read has found of a state that was known before. */
export interface Finding extends Interval {
  /** The class of that state. */
  readonly state: string;
  /** When it was read again. */
  readonly at: number;
}

/** What an order asks of it. */
export interface Likelihood {
  /** How many changes are expected of a state between two ages of it. */
  expected(state: string, fromMs: number, toMs: number): number;
  /** The age of a state at which so many changes are expected since an earlier age. */
  ageAt(state: string, fromMs: number, changes: number): number;
  /** States of one class change alike from now on where their ages are in one bin. */
  binOf(ageMs: number): number;
}

/** All that was learned, as of one moment, by class. */
export type SavedEvidence = Readonly<Record<string, Findings>>;

export class Evidence implements Likelihood {
  readonly #classes = new Map<string, Histogram>();
  readonly #all = { changes: 0, exposureMs: 0 };
  /** How often it has learned. */
  findings = 0;
  #weight = 1;
  #weighedAt = Number.NEGATIVE_INFINITY;

  /** Learns from a read. */
  note({ state, fromMs, toMs, hasChanged, at }: Finding): void {
    if (!(fromMs >= 0 && toMs > fromMs && toMs < Number.POSITIVE_INFINITY)) return;
    this.findings += 1;
    const weight = this.#weightAt(at);
    const histogram = this.#classOf(state);
    this.#all.exposureMs += weight * histogram.add({ fromMs, toMs, hasChanged }, weight);
    if (hasChanged) this.#all.changes += weight;
    this.#fit(histogram);
  }

  expected(state: string, fromMs: number, toMs: number): number {
    const histogram = this.#knownOf(state);
    if (histogram === undefined) return Math.max(0, toMs - fromMs) / UNKNOWN_MS;
    return Math.max(0, histogram.expected(Math.max(0, toMs)) - histogram.expected(Math.max(0, fromMs)));
  }

  ageAt(state: string, fromMs: number, changes: number): number {
    const histogram = this.#knownOf(state);
    if (histogram === undefined) return fromMs + changes * UNKNOWN_MS;
    return Math.max(fromMs, histogram.ageAt(histogram.expected(Math.max(0, fromMs)) + changes));
  }

  binOf(ageMs: number): number {
    return binOf(ageMs);
  }

  save(at: number): SavedEvidence {
    const weight = this.#weightAt(at);
    const saved: Record<string, Findings> = {};
    for (const [name, histogram] of this.#classes) {
      const { changes, exposureMs } = histogram.findings();
      saved[name] = { changes: changes.map(rounded(weight)), exposureMs: exposureMs.map(rounded(weight)) };
    }
    return saved;
  }

  /** Adds what was saved so long ago. */
  load(saved: SavedEvidence, at: number, ageMs: number): void {
    const weight = this.#weightAt(at) * 2 ** (-Math.max(0, ageMs) / HALF_LIFE_MS);
    for (const [name, findings] of Object.entries(saved)) {
      const histogram = this.#classOf(name);
      const before = histogram.total();
      histogram.merge(findings, weight);
      const after = histogram.total();
      this.#all.changes += after.changes - before.changes;
      this.#all.exposureMs += after.exposureMs - before.exposureMs;
    }
    for (const histogram of this.#classes.values()) this.#fit(histogram);
  }

  #fit(histogram: Histogram): void {
    histogram.fit(this.#all, this.#weight);
  }

  #knownOf(state: string): Histogram | undefined {
    return this.#classes.get(state) ?? this.#classes.get(OTHERS);
  }

  #classOf(state: string): Histogram {
    const name = this.#classes.has(state) || this.#classes.size < MAX_CLASSES - 1 ? state : OTHERS;
    let histogram = this.#classes.get(name);
    if (histogram === undefined) {
      histogram = new Histogram();
      this.#classes.set(name, histogram);
    }
    return histogram;
  }

  #weightAt(at: number): number {
    if (this.#weighedAt === Number.NEGATIVE_INFINITY) this.#weighedAt = at;
    this.#weight *= 2 ** (Math.max(0, at - this.#weighedAt) / HALF_LIFE_MS);
    this.#weighedAt = Math.max(at, this.#weighedAt);
    if (this.#weight > MAX_WEIGHT) {
      for (const histogram of this.#classes.values()) histogram.scale(1 / this.#weight);
      this.#all.changes /= this.#weight;
      this.#all.exposureMs /= this.#weight;
      this.#weight = 1;
    }
    return this.#weight;
  }
}

/** Four digits of it are enough, as new evidence weighs. */
function rounded(weight: number): (value: number) => number {
  return (value) => Number((value / weight).toPrecision(4));
}
