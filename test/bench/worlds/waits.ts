// How long each wish waits, in a book beside the order: an order that forgets one would not tell.

import { Heap } from '../../../src/order/heap.ts';
import type { Next } from '../../../src/order/order.ts';
import type { Wish, WishOrder } from '../../../src/snapshots/wish.ts';

interface Entry {
  place: number;
}

/** Another order, and the book of what is in it. */
export class Waits implements WishOrder {
  readonly #order: WishOrder;
  readonly #entries = new Map<Wish, Entry>();
  /** By since when each waits. What is not due yet is among them. */
  readonly #heap = new Heap<Entry>({
    placeOf: ({ place }) => place,
    setPlace(entry, place) {
      entry.place = place;
    },
  });

  constructor(order: WishOrder) {
    this.#order = order;
  }

  /** How many are wanted. */
  get size(): number {
    return this.#entries.size;
  }

  get waiting(): number {
    return this.#order.waiting;
  }

  /** Since when the one waits that has waited longest; Infinity where none waits. */
  get longestFrom(): number {
    return this.#heap.lowest;
  }

  want(wish: Wish, at: number): void {
    this.#order.want(wish, at);
    if (wish.isFinal) return;
    const entry = { place: -1 };
    this.#entries.set(wish, entry);
    this.#heap.add(entry, wish.waitsFrom);
  }

  drop(wish: Wish): void {
    this.#order.drop(wish);
    const entry = this.#entries.get(wish);
    if (entry === undefined) return;
    this.#entries.delete(wish);
    this.#heap.remove(entry);
  }

  next(at: number): Next<Wish> | undefined {
    return this.#order.next(at);
  }

  longestWaiting(at: number): Wish | undefined {
    return this.#order.longestWaiting(at);
  }

  nextDueAt(): number {
    return this.#order.nextDueAt();
  }
}
