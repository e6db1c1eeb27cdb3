// When the next background read may be made: a small burst at once, and what goes beyond it spread evenly over the quota's
// window. A burst comes again a window later, when all its calls count no more, and a provider that hears half of it late
// counts more than its limit.

import type { Quota } from '../upstream/quota.ts';

/** Part of a window's calls that may be made in one go. */
const BURST_SHARE = 0.2;

export class Pacing {
  readonly #quota: Pick<Quota, 'pace'>;
  /** When the next read would be made if all were spread evenly. */
  #evenlyAt = Number.NEGATIVE_INFINITY;

  constructor(quota: Pick<Quota, 'pace'>) {
    this.#quota = quota;
  }

  /** In how many milliseconds the next one may be made. */
  delayMs(at: number): number {
    return Math.max(0, this.#evenlyAt - at - this.#burstMs());
  }

  /** One is made. */
  took(at: number): void {
    this.#evenlyAt = Math.max(this.#evenlyAt, at) + this.#quota.pace.everyMs;
  }

  /** The quota has held one back for so long, which is not made up for in a burst. */
  held(at: number, delayMs: number): void {
    const againAt = at + delayMs - this.#quota.pace.everyMs / 2;
    this.#evenlyAt = Math.max(this.#evenlyAt, againAt + this.#burstMs());
  }

  #burstMs(): number {
    const { everyMs, limit } = this.#quota.pace;
    // Half a call more, because many small times do not add up exactly.
    return everyMs * (Math.max(1, Math.floor(limit * BURST_SHARE)) - 0.5);
  }
}
