// What one operation, or one stream, is charged for refs that are not answered from what is kept: one each before they are
// read, whatever the reason, and one more where there is nothing. Who tries out ids gets half as far, and learns nothing
// from what it is charged.

import type { BadUserInput, CallerRateLimited } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import { type Rate, tooManyRefs } from './caller-rate.ts';

export class Charges {
  readonly #rate: Rate;
  readonly #callerId: string;
  /** Keys of what was charged, and of what was charged again because there is none. */
  readonly #charged = new Set<string>();
  readonly #missing = new Set<string>();
  #refused: BadUserInput | CallerRateLimited | undefined;

  constructor(rate: Rate, callerId: string) {
    this.#rate = rate;
    this.#callerId = callerId;
  }

  /** @returns why all of these are refused, where they are too many; then nothing is charged, and all that follow are. */
  take(refs: Iterable<Ref>): BadUserInput | CallerRateLimited | undefined {
    const count = addAll(this.#charged, refs);
    if (this.#refused !== undefined || count === 0) return this.#refused;
    const waitMs = this.#rate.take(this.#callerId, count);
    if (waitMs > 0) this.#refused = tooManyRefs(waitMs, this.#rate);
    return this.#refused;
  }

  /** There is nothing of these that the caller may see. */
  miss(refs: Iterable<Ref>): void {
    const count = addAll(this.#missing, refs);
    if (count > 0) this.#rate.charge(this.#callerId, count);
  }
}

/** @returns how many of them are new. */
function addAll(keys: Set<string>, refs: Iterable<Ref>): number {
  const before = keys.size;
  for (const { key } of refs) keys.add(key);
  return keys.size - before;
}
