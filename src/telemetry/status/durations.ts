// How long things have taken, or how old they were, of late: counted by size in two arrays, which take turns. What is read from
// it is of the time between one turn and two, and it takes the same room however much is counted. It looks at no clock, and
// takes no logarithm: ages are counted for each invitation of each answer.

/** Buckets in each doubling, all of one width: what is read from them is at most a fifteenth off. */
const PER_OCTAVE = 8;

/** From a millisecond to a day and a half. */
const OCTAVES = 27;
const BUCKETS = OCTAVES * PER_OCTAVE + 1;

/** In eighths of a millisecond, the shortest and the longest that have buckets of their own are whole numbers of 32 bits. */
const SHORTEST = PER_OCTAVE;
const LONGEST = SHORTEST * 2 ** OCTAVES - 1;

class Turn {
  readonly buckets = new Uint32Array(BUCKETS);
  count = 0;
  sumMs = 0;
}

export class Durations {
  #current = new Turn();
  #before = new Turn();

  add(ms: number): void {
    const bucket = bucketOf(ms);
    this.#current.buckets[bucket] = (this.#current.buckets[bucket] ?? 0) + 1;
    this.#current.count += 1;
    this.#current.sumMs += ms;
  }

  /** Forgets what was counted before the last turn. */
  turn(): void {
    this.#before = this.#current;
    this.#current = new Turn();
  }

  get count(): number {
    return this.#current.count + this.#before.count;
  }

  /** Undefined where nothing was counted of late. */
  get meanMs(): number | undefined {
    return this.count === 0 ? undefined : (this.#current.sumMs + this.#before.sumMs) / this.count;
  }

  /** What this part of them, 0 to 1, does not exceed. */
  quantileMs(part: number): number | undefined {
    if (this.count === 0) return undefined;
    let left = Math.max(1, Math.ceil(part * this.count));
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= (this.#current.buckets[bucket] ?? 0) + (this.#before.buckets[bucket] ?? 0);
      if (left <= 0) return middleOf(bucket);
    }
    return middleOf(BUCKETS - 1);
  }

  /** Null where nothing was counted of late. */
  get middleAndWorst(): { readonly median: number; readonly p99: number } | null {
    const [median, p99] = [this.quantileMs(0.5), this.quantileMs(0.99)];
    return median === undefined || p99 === undefined ? null : { median, p99 };
  }
}

function bucketOf(ms: number): number {
  const eighths = Math.min(ms * PER_OCTAVE, LONGEST) | 0;
  if (eighths < SHORTEST) return 0;
  const octave = 28 - Math.clz32(eighths);
  return 1 + octave * PER_OCTAVE + (eighths >>> octave) - SHORTEST;
}

function middleOf(bucket: number): number {
  if (bucket === 0) return 0.5;
  const octave = Math.floor((bucket - 1) / PER_OCTAVE);
  return 2 ** octave * (1 + (((bucket - 1) % PER_OCTAVE) + 0.5) / PER_OCTAVE);
}
