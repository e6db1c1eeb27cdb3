// A binary heap of things that each have a rank, the lowest first. Each thing remembers where it stands, so that it can be
// taken out of the middle. All of a heap's operations take a time that grows with the logarithm of its size.

/** How a heap reads a thing's rank, and where the thing remembers its place: -1 where it is in none. */
export interface Places<T> {
  rankOf(thing: T): number;
  placeOf(thing: T): number;
  setPlace(thing: T, place: number): void;
}

export class Heap<T> {
  readonly #things: T[] = [];
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

  add(thing: T): void {
    this.#rise(thing, this.#things.length);
  }

  remove(thing: T): void {
    const place = this.#places.placeOf(thing);
    this.#places.setPlace(thing, -1);
    const last = this.#things.pop();
    if (last === undefined || last === thing) return;
    const above = this.#things[(place - 1) >> 1];
    const { rankOf } = this.#places;
    if (place > 0 && above !== undefined && rankOf(above) > rankOf(last)) this.#rise(last, place);
    else this.#sink(last, place);
  }

  #rise(thing: T, from: number): void {
    const rank = this.#places.rankOf(thing);
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#things[above];
      if (other === undefined || this.#places.rankOf(other) <= rank) break;
      this.#set(other, place);
      place = above;
    }
    this.#set(thing, place);
  }

  #sink(thing: T, from: number): void {
    const { rankOf } = this.#places;
    const rank = rankOf(thing);
    let place = from;
    while (true) {
      let below = 2 * place + 1;
      let least = this.#things[below];
      if (least === undefined) break;
      const other = this.#things[below + 1];
      if (other !== undefined && rankOf(other) < rankOf(least)) {
        below += 1;
        least = other;
      }
      if (rankOf(least) >= rank) break;
      this.#set(least, place);
      place = below;
    }
    this.#set(thing, place);
  }

  #set(thing: T, place: number): void {
    this.#things[place] = thing;
    this.#places.setPlace(thing, place);
  }
}
