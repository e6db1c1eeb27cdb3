// How it stands with Redis: whether it can be used, since when, and what its commands take.

import type { CommandOutcome } from '../../redis/command-outcome.ts';
import { Durations } from './durations.ts';
import { Hour } from './hour.ts';
import type { RedisReport } from './report.ts';

/** What commands take is of the last half minute to minute: in points. */
const TURN = 3;

export class RedisMeter {
  #isUp = false;
  #since = Date.now();
  #reason: string | undefined = undefined;
  readonly #commandMs = new Durations();
  readonly #hour = new Hour(['lost']);
  #lost = 0;
  #points = 0;

  /** @param reason Why it cannot be used; undefined where it can. */
  changed(reason: string | undefined): void {
    const isUp = reason === undefined;
    if (isUp !== this.#isUp) this.#since = Date.now();
    this.#isUp = isUp;
    this.#reason = reason;
  }

  commanded(outcome: CommandOutcome, durationMs: number): void {
    if (outcome === 'lost') this.#lost += 1;
    else this.#commandMs.add(durationMs);
  }

  /** Closes a point of the hour. */
  sample(): void {
    this.#hour.add({ lost: this.#lost });
    this.#lost = 0;
    this.#points += 1;
    if (this.#points % TURN === 0) this.#commandMs.turn();
  }

  get report(): RedisReport {
    return {
      isUp: this.#isUp,
      since: this.#since,
      reason: this.#reason ?? null,
      commandMs: this.#commandMs.middleAndWorst,
      lost: this.#hour.sum('lost') + this.#lost,
    };
  }
}
