// Counters and histograms whose labels take values of closed lists: how many series there are is settled when one is made,
// and whatever callers send, there are never more. Counting is an addition in an array, because it is done several times for
// each operation; texts are made when somebody collects.

import type { Family } from './family.ts';
import { headed, sampleOf } from './family.ts';

/** Each label's name, and the values that it takes. */
export type Labels<Values extends readonly string[]> = {
  readonly [Place in keyof Values]: readonly [name: string, values: readonly Values[Place][]];
};

/** Where the series of these values stands among all. */
class Places<Values extends readonly string[]> {
  readonly count: number;
  /** The text of each series' labels. */
  readonly texts: readonly (readonly string[])[];
  readonly #places: readonly ReadonlyMap<string, number>[];

  constructor(labels: Labels<Values>) {
    const lists = labels as readonly (readonly [string, readonly string[]])[];
    let texts: string[][] = [[]];
    let stride = 1;
    const places: Map<string, number>[] = [];
    for (const [name, values] of lists) {
      places.push(new Map(values.map((value, n) => [value, n * stride])));
      texts = values.flatMap((value) => texts.map((text) => [...text, `${name}="${value}"`]));
      stride *= values.length;
    }
    this.count = stride;
    this.texts = texts;
    this.#places = places;
  }

  /** NaN for a value that is in no list. */
  of(values: Values): number {
    let place = 0;
    for (let n = 0; n < values.length; n++) place += this.#places[n]?.get(values[n] ?? '') ?? Number.NaN;
    return place;
  }
}

export class Counter<Values extends readonly string[]> implements Family {
  readonly name: string;
  readonly #help: string;
  readonly #places: Places<Values>;
  readonly #counts: Float64Array;

  constructor(name: string, help: string, labels: Labels<Values>) {
    this.name = name;
    this.#help = help;
    this.#places = new Places(labels);
    this.#counts = new Float64Array(this.#places.count);
  }

  add(count: number, ...values: Values): void {
    const place = this.#places.of(values);
    this.#counts[place] = (this.#counts[place] ?? 0) + count;
  }

  *lines(): Iterable<string> {
    yield* headed(this.name, 'counter', this.#help);
    for (const [n, labels] of this.#places.texts.entries()) yield sampleOf(this.name, labels, this.#counts[n] ?? 0);
  }
}

export class Histogram<Values extends readonly string[]> implements Family {
  readonly name: string;
  readonly #help: string;
  readonly #places: Places<Values>;
  readonly #bounds: readonly number[];
  /** For each series: how many were up to each bound and no lower one, and how many beyond all of them. */
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;

  /** @param bounds The upper bounds of its buckets, the lowest first. */
  constructor(name: string, help: string, bounds: readonly number[], labels: Labels<Values>) {
    this.name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#places = new Places(labels);
    this.#counts = new Float64Array(this.#places.count * (bounds.length + 1));
    this.#sums = new Float64Array(this.#places.count);
  }

  observe(value: number, ...values: Values): void {
    this.#observeAt(this.#places.of(values), value);
  }

  /** Observes many of one series. @param perUnit How many of what they are counted in make one of the histogram's unit. */
  observeAll(amounts: readonly number[], perUnit: number, ...values: Values): void {
    const place = this.#places.of(values);
    for (const amount of amounts) this.#observeAt(place, amount / perUnit);
  }

  #observeAt(place: number, value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1;
    const at = place * (bounds.length + 1) + bucket;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sums[place] = (this.#sums[place] ?? 0) + value;
  }

  *lines(): Iterable<string> {
    yield* headed(this.name, 'histogram', this.#help);
    for (const [n, labels] of this.#places.texts.entries()) {
      let count = 0;
      for (let bucket = 0; bucket <= this.#bounds.length; bucket++) {
        count += this.#counts[n * (this.#bounds.length + 1) + bucket] ?? 0;
        yield sampleOf(`${this.name}_bucket`, [...labels, `le="${this.#bounds[bucket] ?? '+Inf'}"`], count);
      }
      yield sampleOf(`${this.name}_sum`, labels, this.#sums[n] ?? 0);
      yield sampleOf(`${this.name}_count`, labels, count);
    }
  }
}
