// What is wanted of one account's invitations: all that callers have looked at lately, all that a stream watches, and what
// is to be read for another reason. In: looks, watches, and what reads have seen. Out: how much each is wanted, for the
// order that says which is read next. It reads nothing.

import type { Ref } from '../invitation/ref.ts';
import type { Entry } from './entry.ts';
import { type Lane, Wish } from './wish.ts';

/** A stream reads what it begins with; what that has not brought is read after so long. */
const FIRST_READ_MS = 5_000;

/** The wishes are gone through once in so many steps, for those that are over. */
const SWEEP_STEPS = 256;

export interface WishesOptions {
  readonly laneOf: (ref: Ref) => Lane;
  readonly freshMs: number;
  /** Whether the provider's notifications of it arrive. */
  readonly isNotified: (ref: Ref) => boolean;
}

export class Wishes {
  readonly #options: WishesOptions;
  readonly #wishes = new Map<string, Wish>();
  #sweep: MapIterator<Wish> | undefined;
  #isOver = false;

  constructor(options: WishesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#wishes.size;
  }

  get(key: string): Wish | undefined {
    return this.#wishes.get(key);
  }

  /** The wish for it; one that is new is not in the order yet. */
  of(ref: Ref, entry: Entry | undefined, at: number): Wish {
    let wish = this.#wishes.get(ref.key);
    if (wish === undefined) {
      wish = new Wish(ref, this.#options.laneOf(ref), at);
      wish.entry = entry;
      this.#wishes.set(ref.key, wish);
    }
    return wish;
  }

  /** Callers have looked at it, as its entry has counted. */
  look(ref: Ref, entry: Entry, at: number): void {
    const wish = this.of(ref, entry, at);
    this.change(wish, at, () => wish.touch(at));
  }

  watch(ref: Ref, entry: Entry | undefined, streams: number, at: number): void {
    const wish = this.of(ref, entry, at);
    this.change(wish, at, () => {
      wish.watchers += streams;
      if (streams > 0 && entry === undefined) wish.notBefore = Math.max(wish.notBefore, at + FIRST_READ_MS);
    });
  }

  /** A read that began then has seen it. @param looks For how many callers it was made. */
  see(ref: Ref, entry: Entry, looks: number, at: number): void {
    const wish = looks > 0 ? this.of(ref, entry, at) : this.#wishes.get(ref.key);
    if (wish === undefined) return;
    this.change(wish, at, () => {
      wish.look(looks, at);
      wish.entry = entry;
      wish.waitsFrom = Math.max(wish.waitsFrom, entry.seenAt);
      wish.failures = 0;
      wish.notBefore = Number.NEGATIVE_INFINITY;
      wish.isAsked = false;
      if (entry.withExtras || entry.snapshot === null) wish.withExtras = false;
      if (entry.begunAt >= wish.forcedAt) wish.forcedAt = Number.NEGATIVE_INFINITY;
    });
  }

  /** What is known of it has changed, without a read. */
  hold(key: string, entry: Entry, at: number): void {
    const wish = this.#wishes.get(key);
    if (wish === undefined) return;
    this.change(wish, at, () => {
      wish.entry = entry;
    });
  }

  /** Its entry is gone. */
  forget(key: string, at: number): void {
    const wish = this.#wishes.get(key);
    if (wish === undefined) return;
    if (wish.watchers === 0) {
      this.#remove(wish);
    } else {
      this.change(wish, at, () => {
        wish.entry = undefined;
      });
    }
  }

  /** Changes a wish, and its place in the order accordingly. */
  change(wish: Wish, at: number, change: () => void): void {
    wish.lane.order.drop(wish.key);
    change();
    this.#place(wish, at);
  }

  /** Lets go of some of the wishes that are over: each time of a part of them. */
  sweep(at: number): void {
    for (let left = Math.ceil(this.size / SWEEP_STEPS); left > 0; left--) {
      this.#sweep ??= this.#wishes.values();
      const { value: wish, done } = this.#sweep.next();
      if (done) {
        this.#sweep = undefined;
        return;
      }
      if ((wish.entry?.looks ?? 0) > 0) wish.look(0, at);
      else if (!wish.isReading && !wish.isWanted(at)) this.#remove(wish);
    }
  }

  /** Nothing is wanted any more, whatever is looked at. */
  clear(): void {
    this.#isOver = true;
    for (const wish of this.#wishes.values()) this.#remove(wish);
  }

  #place(wish: Wish, at: number): void {
    if (this.#isOver || this.#wishes.get(wish.key) !== wish || wish.isReading) return;
    const isGone = wish.isFinal || wish.entry?.snapshot === null;
    if (wish.watchers === 0 && (isGone || !wish.isWanted(at))) {
      this.#remove(wish);
    } else if (!isGone) {
      wish.weigh(at, this.#options.freshMs, this.#options.isNotified(wish.ref));
      wish.lane.order.want(wish, at);
    }
  }

  #remove(wish: Wish): void {
    wish.lane.order.drop(wish.key);
    this.#wishes.delete(wish.key);
  }
}
