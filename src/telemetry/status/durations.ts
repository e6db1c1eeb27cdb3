// How long things have taken, or how old they were, of late: counted by size in two arrays, each of which takes over from the
// other after a while. What it says is of the time between one such while and two, and costs the same however much is counted.

/** Buckets in each doubling: what is read from them is at most a tenth off. */
const PER_OCTAVE = 4;

/** From a millisecond to a day and a half. */
const OCTAVES = 27;
const BUCKETS = OCTAVES * PER_OCTAVE + 1;

class Generation {
  readonly buckets = new Uint32Array(BUCKETS);
  count = 0;
  sumMs = 0;

  clear(): void {
    this.buckets.fill(0);
    this.count = 0;
    this.sumMs = 0;
  }
}

export class Durations {
  readonly #everyMs: number;
  #current = new Generation();
  #before = new Generation();
  #since = Number.NEGATIVE_INFINITY;

  /** @param everyMs What is older than twice that counts no more. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** @param now Milliseconds of a clock that never goes back. */
  add(ms: number, now: number): void {
    this.#turn(now);
    const bucket = bucketOf(ms);
    this.#current.buckets[bucket] = (this.#current.buckets[bucket] ?? 0) + 1;
    this.#current.count += 1;
    this.#current.sumMs += ms;
  }

  count(now: number): number {
    this.#turn(now);
    return this.#current.count + this.#before.count;
  }

  /** Undefined where nothing was counted of late. */
  meanMs(now: number): number | undefined {
    const count = this.count(now);
    return count === 0 ? undefined : (this.#current.sumMs + this.#before.sumMs) / count;
  }

  /** What this part of them, 0 to 1, does not exceed. */
  quantileMs(part: number, now: number): number | undefined {
    const count = this.count(now);
    if (count === 0) return undefined;
    let left = Math.max(1, Math.ceil(part * count));
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= (this.#current.buckets[bucket] ?? 0) + (this.#before.buckets[bucket] ?? 0);
      if (left <= 0) return middleOf(bucket);
    }
    return middleOf(BUCKETS - 1);
  }

  #turn(now: number): void {
    const passedMs = now - this.#since;
    if (passedMs < this.#everyMs) return;
    [this.#current, this.#before] = [this.#before, this.#current];
    this.#current.clear();
    if (passedMs >= 2 * this.#everyMs) this.#before.clear();
    this.#since = now;
  }
}

function bucketOf(ms: number): number {
  return ms < 1 ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(PER_OCTAVE * Math.log2(ms)));
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0.5 : 2 ** ((bucket - 0.5) / PER_OCTAVE);
}
