// A heap of things that are added with a rank, the lowest first. Each thing remembers where it stands, so that it can be
// taken out of the middle. All of a heap's operations take a time that grows with the logarithm of its size. It has four
// below each, and keeps the ranks in a list of their own: of a hundred thousand things few are in a cache of the
// processor, and to look at one that is not costs more than all else.

/** Where a thing remembers its place: -1 where it is in none. */
export interface Places<T> {
  placeOf(thing: T): number;
  setPlace(thing: T, place: number): void;
}

const BRANCHES = 4;

export class Heap<T> {
  readonly #things: T[] = [];
  readonly #ranks: number[] = [];
  readonly #places: Places<T>;

  constructor(places: Places<T>) {
    this.#places = places;
  }

  get size(): number {
    return this.#things.length;
  }

  get first(): T | undefined {
    return this.#things[0];
  }

  /** The rank of the first; Infinity where there is none. */
  get lowest(): number {
    return this.#rankAt(0);
  }

  add(thing: T, rank: number): void {
    this.#rise(thing, rank, this.#things.length);
  }

  remove(thing: T): void {
    const place = this.#places.placeOf(thing);
    this.#places.setPlace(thing, -1);
    const last = this.#things.pop();
    const rank = this.#ranks.pop();
    if (last === undefined || rank === undefined || last === thing) return;
    if (place > 0 && this.#rankAt(above(place)) > rank) this.#rise(last, rank, place);
    else this.#sink(last, rank, place);
  }

  #rise(thing: T, rank: number, from: number): void {
    let place = from;
    while (place > 0) {
      const next = above(place);
      const other = this.#things[next];
      if (other === undefined || this.#rankAt(next) <= rank) break;
      this.#set(other, this.#rankAt(next), place);
      place = next;
    }
    this.#set(thing, rank, place);
  }

  #sink(thing: T, rank: number, from: number): void {
    let place = from;
    while (true) {
      const next = this.#lowestBelow(place);
      const other = this.#things[next];
      if (other === undefined || this.#rankAt(next) >= rank) break;
      this.#set(other, this.#rankAt(next), place);
      place = next;
    }
    this.#set(thing, rank, place);
  }

  /** Where the lowest of those below stands; behind the last one where there are none. */
  #lowestBelow(place: number): number {
    let lowest = BRANCHES * place + 1;
    for (let other = lowest + 1; other <= BRANCHES * (place + 1); other++) {
      if (this.#rankAt(other) < this.#rankAt(lowest)) lowest = other;
    }
    return lowest;
  }

  #rankAt(place: number): number {
    return this.#ranks[place] ?? Number.POSITIVE_INFINITY;
  }

  #set(thing: T, rank: number, place: number): void {
    this.#things[place] = thing;
    this.#ranks[place] = rank;
    this.#places.setPlace(thing, place);
  }
}

/** Where the one above stands. */
function above(place: number): number {
  return (place - 1) >> 2;
}
