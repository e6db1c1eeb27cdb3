// What is wished for several times in one tick is read once.

import type { Wish } from './wish.ts';

/** By ref, and by whether an age is named: no key is built that could be the key of another ref. */
export class WishMap<T> {
  readonly #byAge = new Map<string, T>();
  readonly #byUs = new Map<string, T>();

  get({ ref, maxAgeMs }: Wish): T | undefined {
    return (maxAgeMs === null ? this.#byUs : this.#byAge).get(ref.key);
  }

  set({ ref, maxAgeMs }: Wish, value: T): void {
    (maxAgeMs === null ? this.#byUs : this.#byAge).set(ref.key, value);
  }

  values(): T[] {
    return [...this.#byUs.values(), ...this.#byAge.values()];
  }
}

// The youngest age that a field names does for all fields that name one. A field that leaves the age to the gateway is
// asked for apart, since the gateway may know better (and the snapshots make one call of both).
export function merge(wishes: readonly Wish[]): readonly Wish[] {
  if (wishes.length === 1) return wishes;
  const merged = new WishMap<Wish>();
  for (const wish of wishes) {
    const other = merged.get(wish);
    if (other === undefined || (wish.maxAgeMs ?? 0) < (other.maxAgeMs ?? 0)) merged.set(wish, wish);
  }
  // In the order of the wishes, where each was asked for once.
  const distinct = merged.values();
  return distinct.length === wishes.length ? wishes : distinct;
}
