// What is kept of each window for callers below their share: as much as newcomers have needed of late, at least what lets ten
// of them through within a second, and a part of the window at most. All else is lent to all others. What leaves a window
// evenly counts: it is the newcomers' next.

import type { WindowBooks } from './call-log.ts';
import { partOf } from './quota-window.ts';

/** The part of each window that is kept at most, where the settings say nothing. */
export const FAIR_RESERVE = 0.1;

/** How many newcomers have a call each within a second, at any time. */
const NEWCOMERS_A_SECOND = 10;
const SECOND = 1_000;
/** For how long newcomers may have several calls each beside a caller that has had its burst, in milliseconds. */
const BURST_MS = 15 * SECOND;

/** How long a crowd of newcomers is remembered, in milliseconds; twice as long at most. */
const LATELY_MS = 150_000;

export class Reserve {
  readonly #mostPart: number;
  /** When newcomers came within the last second. */
  readonly #coming: number[] = [];
  /** Most newcomers within a second, lately and before that. */
  #crowd = 0;
  #crowdBefore = 0;
  #since = Number.NEGATIVE_INFINITY;

  /** @param mostPart The part of each window that is kept at most, 0 to 1. */
  constructor(mostPart: number) {
    this.#mostPart = mostPart;
  }

  /** A caller that had no call in the window has one. */
  came(at: number): void {
    this.advance(at);
    this.#coming.push(at);
    while ((this.#coming[0] ?? at) <= at - SECOND) this.#coming.shift();
    this.#crowd = Math.max(this.#crowd, this.#coming.length);
  }

  /** How many calls of a window are lent: all but those that are kept. */
  lentOf({ limit, windowMs, burst }: Pick<WindowBooks, 'limit' | 'windowMs' | 'burst'>): number {
    // A short window may have had all its calls in one go: then none leaves it for as long as it lasts.
    const leaving = windowMs < 2 * SECOND ? 0 : (limit * SECOND) / windowMs;
    const forCrowd = this.#crowdLately() - leaving;
    // Nor does a burst leave evenly: as much is kept as would have left of it meanwhile.
    const forBurst = (burst * Math.min(BURST_MS, windowMs)) / windowMs;
    const lent = Math.floor(limit - Math.max(0, forCrowd, forBurst));
    return Math.max(lent, partOf(limit, 1 - this.#mostPart));
  }

  #crowdLately(): number {
    return Math.max(NEWCOMERS_A_SECOND, this.#crowd, this.#crowdBefore);
  }

  /** Forgets what was long ago. */
  advance(now: number): void {
    if (now - this.#since < LATELY_MS) return;
    this.#crowdBefore = now - this.#since < 2 * LATELY_MS ? this.#crowd : 0;
    this.#crowd = 0;
    this.#since = now;
  }
}
