// What was seen so short a time ago that it need not be read yet, in the order in which it was seen. Most of what callers ask
// for is seen for the first time: a wish for it would take more memory and time than all else that is kept of it, and many
// entries leave the store before one is needed.

import type { Ref } from '../invitation/ref.ts';
import type { Patience } from '../order/place.ts';
import type { Entry } from './entry.ts';
import { endOf, NOTIFIED } from './wish.ts';

/** The places of so many entries that have left are not worth the work of closing the gaps. */
const FEW = 1_000;

export class Resting {
  readonly #restMs: number;
  /** An entry knows its number, from which its place follows. Undefined stands where one has left. */
  #entries: (Entry | undefined)[] = [];
  #refs: (Ref | undefined)[] = [];
  /** The number of the first place. */
  #begin = 0;
  /** In the places before this one there is none. */
  #from = 0;
  #size = 0;
  /** When the last one was seen. */
  #seenLast = Number.NEGATIVE_INFINITY;

  /** @param patience With what callers look at. */
  constructor({ leastMs, mostMs }: Patience) {
    this.#restMs = Math.min(leastMs, mostMs, NOTIFIED.leastMs);
  }

  get size(): number {
    return this.#size;
  }

  /** The one that was seen longest ago. */
  get first(): Entry | undefined {
    this.#skipGaps();
    return this.#entries[this.#from];
  }

  /** When the first one has rested; Infinity where there is none. */
  get endsAt(): number {
    const { first } = this;
    return first === undefined ? Number.POSITIVE_INFINITY : first.seenAt + this.#restMs;
  }

  /** The ref of one that rests; undefined where it does not. */
  refOf(entry: Entry): Ref | undefined {
    return this.has(entry) ? this.#refs[this.#placeOf(entry)] : undefined;
  }

  has(entry: Entry): boolean {
    const place = this.#placeOf(entry);
    return place >= 0 && this.#entries[place] === entry;
  }

  /**
   * Adds what was seen now.
   * @returns whether it may rest: what changes by itself sooner, or no more, may not.
   */
  add(ref: Ref, entry: Entry, at: number): boolean {
    const { snapshot, seenAt } = entry;
    const endsAt = seenAt + this.#restMs;
    if (snapshot === null || snapshot.isFinal || seenAt < this.#seenLast || endsAt <= at) return false;
    if (endOf(entry, at) < endsAt) return false;
    this.#seenLast = seenAt;
    this.#put(ref, entry);
    return true;
  }

  /** @returns whether it was there. */
  remove(entry: Entry): boolean {
    if (!this.has(entry)) return false;
    const place = this.#placeOf(entry);
    this.#entries[place] = undefined;
    this.#refs[place] = undefined;
    this.#size -= 1;
    if (this.#entries.length > FEW + 2 * this.#size) this.#makeRoom();
    return true;
  }

  clear(): void {
    this.#entries = [];
    this.#refs = [];
    this.#from = 0;
    this.#size = 0;
  }

  #placeOf({ restsAt }: Entry): number {
    return restsAt - this.#begin;
  }

  #skipGaps(): void {
    while (this.#from < this.#entries.length && this.#entries[this.#from] === undefined) this.#from += 1;
  }

  // Mostly the first ones leave first, because the store gives up the oldest: then no entry has to be looked at. Fewer gaps
  // than half of them are not worth a copy of the list, or there would be one for nearly each entry that leaves.
  #makeRoom(): void {
    this.#skipGaps();
    if (this.#from >= (this.#entries.length - this.#size) / 2) this.#dropFirst(this.#from);
    else this.#closeGaps();
  }

  #dropFirst(places: number): void {
    this.#entries = this.#entries.slice(places);
    this.#refs = this.#refs.slice(places);
    this.#begin += places;
    this.#from = 0;
  }

  #closeGaps(): void {
    const [entries, refs] = [this.#entries, this.#refs];
    this.clear();
    for (const [place, entry] of entries.entries()) {
      const ref = refs[place];
      if (entry !== undefined && ref !== undefined) this.#put(ref, entry);
    }
  }

  #put(ref: Ref, entry: Entry): void {
    entry.restsAt = this.#begin + this.#entries.push(entry) - 1;
    this.#refs.push(ref);
    this.#size += 1;
  }
}
