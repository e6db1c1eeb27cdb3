// Which of the things that are wanted is read next: the one whose last answer is most probably not true any more, times how
// much it is looked at; or in turns (turns.ts) the one that has waited longest. In: what is wanted, how likely it is to have
// changed, and a time. It knows no provider, no timer and no quota. All times are milliseconds of one clock.
//
// Things of one class, last seen at about the same age of their state and looked at about as much, change alike: of these
// the one that was seen longest ago is next. So only the first of each such group is weighed, however many things there
// are. What need not be read yet stands apart until it is due.

import type { Likelihood } from './evidence.ts';
import { Heap } from './heap.ts';
import { AMONG_DATED, AMONG_WAITING, type Group, IN_HEAP, levelOf, Place, type Placed, type Wanted } from './place.ts';

export interface Next<T> {
  readonly wanted: T;
  /** How many looks are expected to get a truer answer by it. */
  readonly score: number;
}

/** Things that were never seen come before all that were, however much those are looked at. */
const NEVER_SEEN = 1e6;

/** For how long a score is good enough, as a part of the time since the thing was last seen. */
const SCORED_FOR = 1 / 16;

export class Order<T extends Placed<T>> {
  readonly #likelihood: Likelihood;
  #size = 0;
  readonly #groups = new Map<string, Group<T>>();
  /** All that is due, by how long it has waited. */
  readonly #waiting = new Heap<Place<T>>(AMONG_WAITING);
  /** What is not due yet, by when it is. */
  readonly #later = new Heap<Place<T>>(IN_HEAP);
  /** What is due and will be certain to have changed, by when. */
  readonly #dated = new Heap<Place<T>>(AMONG_DATED);

  constructor(likelihood: Likelihood) {
    this.#likelihood = likelihood;
  }

  /** How many things are wanted. */
  get size(): number {
    return this.#size;
  }

  /** How many of them are due, as of the last time that one was looked for. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Wants what is in no order; what is final is not wanted. */
  want(wanted: T, at: number): void {
    if (wanted.isFinal) return;
    const place = new Place(wanted, this.#later);
    wanted.place = place;
    this.#size += 1;
    const dueAt = this.#dueAt(wanted);
    if (dueAt <= at) this.#enter(place, at);
    else this.#later.add(place, dueAt);
  }

  /** Takes it out of the order, where it is in it: it may change then, and be wanted again. */
  drop(wanted: T): void {
    const { place } = wanted;
    if (place === undefined) return;
    wanted.place = undefined;
    this.#size -= 1;
    place.heap.remove(place);
    if (place.waitingPlace >= 0) this.#waiting.remove(place);
    if (place.datedPlace >= 0) this.#dated.remove(place);
  }

  /** What has most probably changed of what is due, by who looks at it; it stays in the order. */
  next(at: number): Next<T> | undefined {
    this.#advance(at);
    let best: Place<T> | undefined;
    let most = -1;
    for (const [name, group] of this.#groups) {
      const { first } = group.heap;
      if (first === undefined) {
        this.#groups.delete(name);
        continue;
      }
      if (first !== group.scored || at > group.scoredUntil) this.#score(group, first, at);
      if (group.score > most) [best, most] = [first, group.score];
    }
    return best && { wanted: best.wanted, score: most };
  }

  /** What has waited longest of what is due; it stays in the order. */
  longestWaiting(at: number): T | undefined {
    this.#advance(at);
    return this.#waiting.first?.wanted;
  }

  #advance(at: number): void {
    for (let { first } = this.#later; first !== undefined && this.#later.lowest <= at; { first } = this.#later) {
      this.#later.remove(first);
      this.#enter(first, at);
    }
    for (let { first } = this.#dated; first !== undefined && this.#dated.lowest <= at; { first } = this.#dated) {
      this.#dated.remove(first);
      first.heap.remove(first);
      this.#group(first, at);
    }
  }

  /** When the next one becomes due that is not; Infinity where there is none. */
  nextDueAt(): number {
    return this.#later.lowest;
  }

  #score(group: Group<T>, first: Place<T>, at: number): void {
    group.score = this.#scoreOf(first, at);
    group.scored = first;
    group.scoredUntil = at + SCORED_FOR * (at - first.wanted.seenAt);
  }

  #scoreOf({ wanted, weight }: Place<T>, at: number): number {
    const { state, sinceAt, seenAt, changesAt } = wanted;
    if (seenAt === Number.NEGATIVE_INFINITY) return weight * NEVER_SEEN;
    if (at >= changesAt) return weight;
    return weight * -Math.expm1(-this.#likelihood.expected(state, seenAt - sinceAt, at - sinceAt));
  }

  #dueAt({ state, sinceAt, seenAt, changesAt, notBefore, patience }: Wanted): number {
    if (seenAt === Number.NEGATIVE_INFINITY) return notBefore;
    const { leastMs, mostMs, worth } = patience;
    const worthAt = sinceAt + this.#likelihood.ageAt(state, seenAt - sinceAt, -Math.log1p(-worth));
    const dueAt = Math.min(seenAt + mostMs, Math.max(seenAt + leastMs, worthAt));
    return Math.max(notBefore, Math.min(changesAt, dueAt));
  }

  #enter(place: Place<T>, at: number): void {
    const { waitsFrom, changesAt } = place.wanted;
    this.#group(place, at);
    this.#waiting.add(place, waitsFrom);
    if (changesAt > at && changesAt !== Number.POSITIVE_INFINITY) this.#dated.add(place, changesAt);
  }

  #group(place: Place<T>, at: number): void {
    const { state, sinceAt, seenAt, changesAt } = place.wanted;
    const isSeen = seenAt !== Number.NEGATIVE_INFINITY;
    const age = isSeen ? this.#likelihood.binOf(seenAt - sinceAt) : 'unseen';
    const name = `${levelOf(place.weight)} ${at >= changesAt ? 'changed' : age} ${state}`;
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { heap: new Heap<Place<T>>(IN_HEAP), score: 0, scored: undefined, scoredUntil: 0 };
      this.#groups.set(name, group);
    }
    place.heap = group.heap;
    group.heap.add(place, isSeen ? seenAt : place.wanted.waitsFrom);
  }
}
