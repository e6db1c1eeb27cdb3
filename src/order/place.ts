// A thing in an order: what the order needs to know of it, and where it stands in the order's heaps. The thing itself holds its
// place: there may be a hundred thousand of them, and to look one up by its key costs more than all else that is done with it.

import type { Heap, Places } from './heap.ts';

/** What an order needs to know of a thing. It does not change while the thing is in the order. */
export interface Wanted {
  /** The class of its state: states of one class change alike. */
  readonly state: string;
  /** When this state was first seen, and when it was last seen; -Infinity where the thing was never seen. */
  readonly sinceAt: number;
  readonly seenAt: number;
  /** From when on it is certain to have changed; Infinity where nothing is known of that. */
  readonly changesAt: number;
  /** Nothing of it will change any more. */
  readonly isFinal: boolean;
  /** How much it is looked at; more than 0. */
  readonly looks: number;
  /** Since when it waits: when it was last seen or tried, or was wanted first. */
  readonly waitsFrom: number;
  /** It is not read before this, whatever else holds. */
  readonly notBefore: number;
  readonly patience: Patience;
}

/** A thing that remembers where it stands in its order; undefined where it is in none. */
export interface Placed<T extends Placed<T>> extends Wanted {
  place: Place<T> | undefined;
}

/** When a thing that was seen is to be seen again. */
export interface Patience {
  /** Not sooner after it was last seen. */
  readonly leastMs: number;
  /** At the latest, as far as the quota allows. */
  readonly mostMs: number;
  /** In between, as soon as a change of it has become so probable. */
  readonly worth: number;
}

/** How much looks count: to the power of this. More of them, and what is looked at a little is hardly read. */
const LOOKS_POWER = 0.5;

export class Place<T extends Placed<T>> {
  readonly wanted: T;
  /** Where in its group, or among those not due, it stands. */
  heap: Heap<Place<T>>;
  place = -1;
  waitingPlace = -1;
  datedPlace = -1;

  constructor(wanted: T, heap: Heap<Place<T>>) {
    this.wanted = wanted;
    this.heap = heap;
  }

  get weight(): number {
    return Math.max(this.wanted.looks, Number.MIN_VALUE) ** LOOKS_POWER;
  }
}

/** Things that change alike, and what the first of them was worth lately. */
export interface Group<T extends Placed<T>> {
  readonly heap: Heap<Place<T>>;
  score: number;
  scored: Place<T> | undefined;
  scoredUntil: number;
}

/** A place, whatever stands there. */
interface AnyPlace {
  place: number;
  waitingPlace: number;
  datedPlace: number;
}

export const IN_HEAP: Places<AnyPlace> = {
  placeOf: ({ place }) => place,
  setPlace(one, place) {
    one.place = place;
  },
};

export const AMONG_WAITING: Places<AnyPlace> = {
  placeOf: ({ waitingPlace }) => waitingPlace,
  setPlace(one, place) {
    one.waitingPlace = place;
  },
};

export const AMONG_DATED: Places<AnyPlace> = {
  placeOf: ({ datedPlace }) => datedPlace,
  setPlace(one, place) {
    one.datedPlace = place;
  },
};

/** What counts at most twice as much as another is in one group with it; very little, and very much, counts as so much. */
export function levelOf(weight: number): number {
  return Math.max(-2, Math.min(8, Math.floor(Math.log2(weight))));
}
