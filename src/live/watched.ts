// What is watched, by invitation: a change of one finds those who watch it, by any of its names, and no others.

import { type Ref, wholeKeyOf } from '../invitation/ref.ts';

export interface Watched {
  readonly ref: Ref;
  watchers: number;
}

export class WatchedRefs {
  readonly #byKey = new Map<string, Watched>();
  /** By the invitation's key as a whole. */
  readonly #byWhole = new Map<string, readonly Watched[]>();

  get(key: string): Watched | undefined {
    return this.#byKey.get(key);
  }

  add(one: Watched): void {
    const whole = wholeKeyOf(one.ref);
    this.#byKey.set(one.ref.key, one);
    this.#byWhole.set(whole, [...(this.#byWhole.get(whole) ?? []), one]);
  }

  delete(one: Watched): void {
    const whole = wholeKeyOf(one.ref);
    const others = (this.#byWhole.get(whole) ?? []).filter((each) => each !== one);
    this.#byKey.delete(one.ref.key);
    if (others.length > 0) this.#byWhole.set(whole, others);
    else this.#byWhole.delete(whole);
  }

  /** The refs that name the same invitation as this one. */
  namesOf(ref: Ref): readonly Ref[] {
    return (this.#byWhole.get(wholeKeyOf(ref)) ?? []).map((one) => one.ref);
  }

  all(): MapIterator<Watched> {
    return this.#byKey.values();
  }
}
