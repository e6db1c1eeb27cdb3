// What the order of the gateway is compared with: a rotation by age, and an order that knows when everything changes.

import { Heap } from '../../../src/order/heap.ts';
import { binOf } from '../../../src/order/histogram.ts';
import { type Next, Order } from '../../../src/order/order.ts';
import type { Placed } from '../../../src/order/place.ts';
import type { Wish, WishOrder } from '../../../src/snapshots/wish.ts';
import { HOUR } from './worlds.ts';

interface Place {
  readonly wish: Wish;
  place: number;
}

/** What was seen longest ago is next, however much it is looked at. */
export class Rotation implements WishOrder {
  readonly #places = new Map<Wish, Place>();
  readonly #heap = new Heap<Place>({
    placeOf: ({ place }) => place,
    setPlace(one, place) {
      one.place = place;
    },
  });

  get size(): number {
    return this.#places.size;
  }

  get waiting(): number {
    return this.#places.size;
  }

  want(wish: Wish): void {
    if (wish.isFinal) return;
    const place = { wish, place: -1 };
    this.#places.set(wish, place);
    this.#heap.add(place, Math.max(wish.seenAt, wish.notBefore));
  }

  drop(wish: Wish): void {
    const place = this.#places.get(wish);
    if (place === undefined) return;
    this.#places.delete(wish);
    this.#heap.remove(place);
  }

  next(at: number): Next<Wish> | undefined {
    const wanted = this.longestWaiting(at);
    return wanted && { wanted, score: 1 };
  }

  longestWaiting(at: number): Wish | undefined {
    return this.nextDueAt() <= at ? this.#heap.first?.wish : undefined;
  }

  nextDueAt(): number {
    return this.#heap.lowest + FRESH_MS;
  }
}

const FRESH_MS = 5_000;

/** When each was sent, and which part of those that were sent then is unchanged at an age. */
export interface Knowledge {
  readonly sentAt: (key: string) => number;
  readonly unchanged: (ageMs: number, sentAt: number) => number;
}

interface Told extends Placed<Told> {
  readonly wish: Wish;
}

/** The order as built, told by the world how likely each change is in place of learning it. */
export class Knowing implements WishOrder {
  readonly #sentAt: (key: string) => number;
  readonly #order: Order<Told>;
  readonly #told = new Map<Wish, Told>();

  constructor({ sentAt, unchanged }: Knowledge) {
    this.#sentAt = sentAt;
    const expected = (state: string, fromMs: number, toMs: number) =>
      Math.log(unchanged(fromMs, Number(state)) / unchanged(toMs, Number(state)));
    this.#order = new Order({ expected, ageAt: (_, fromMs) => fromMs, binOf });
  }

  get size(): number {
    return this.#order.size;
  }

  get waiting(): number {
    return this.#order.waiting;
  }

  want(wish: Wish, at: number): void {
    const { seenAt, changesAt, isFinal, looks, waitsFrom, notBefore, patience } = wish;
    const sentAt = this.#sentAt(wish.key);
    // To the hour: those of one hour change alike in every world.
    const state = String(Math.floor(sentAt / HOUR) * HOUR + HOUR / 2);
    const told: Told = {
      state,
      sinceAt: sentAt,
      seenAt,
      changesAt,
      isFinal,
      looks,
      waitsFrom,
      notBefore,
      patience,
      wish,
      place: undefined,
    };
    this.#told.set(wish, told);
    this.#order.want(told, at);
  }

  drop(wish: Wish): void {
    const told = this.#told.get(wish);
    if (told === undefined) return;
    this.#told.delete(wish);
    this.#order.drop(told);
  }

  next(at: number): Next<Wish> | undefined {
    const next = this.#order.next(at);
    return next && { ...next, wanted: next.wanted.wish };
  }

  longestWaiting(at: number): Wish | undefined {
    return this.#order.longestWaiting(at)?.wish;
  }

  nextDueAt(): number {
    return this.#order.nextDueAt();
  }
}
