// One invitation that is wanted, with all that its order is to know: who looks at it, what is known of it, and since when it
// waits; and the way by which it is read.

import { kindOf } from '../invitation/kinds.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Order } from '../order/order.ts';
import type { Patience, Place, Placed } from '../order/place.ts';
import type { Way } from '../upstream/upstream.ts';
import type { Entry } from './entry.ts';

/** The same questions as the order answers, so that another order may stand in for it. */
export type WishOrder = Pick<
  Order<Wish>,
  'size' | 'waiting' | 'want' | 'drop' | 'next' | 'longestWaiting' | 'nextDueAt'
>;

export class Lane {
  readonly way: Way;
  readonly order: WishOrder;
  /** How many are in flight. */
  reading = 0;
  /** While the breaker is not closed: the next read is not tried before. */
  probeAt = 0;

  constructor(way: Way, order: WishOrder) {
    this.way = way;
    this.order = order;
  }

  isFailing(): boolean {
    return this.way.circuit() !== 'CLOSED';
  }

  /** Whether one more may be read: where the breaker is not closed, one at a time, now and then. */
  mayRead(at: number): boolean {
    return this.isFailing() ? this.reading === 0 && at >= this.probeAt : this.way.hasRoom();
  }
}

/** What no caller has looked at for so long is not wanted any more, in milliseconds. */
const WISH_TTL_MS = 600_000;

/** Looks count half as much after so long. */
const LOOKS_HALF_LIFE_MS = 300_000;

/** A stream counts as so many looks for as long as it watches. */
const LOOKS_OF_STREAM = 4;

const AT_ONCE: Patience = { leastMs: 0, mostMs: 0, worth: 0 };
/** What a stream watches: a change is to be told soon. */
const WATCHED: Patience = { leastMs: 5_000, mostMs: 60_000, worth: 0.001 };
/** Where the provider tells of changes, reading is only a safety net. */
export const NOTIFIED: Patience = { leastMs: 300_000, mostMs: 300_000, worth: 1 };

/** What callers look at without being given what is older than fresh: one for all wishes. */
export function lookedAt(freshMs: number): Patience {
  return { leastMs: freshMs, mostMs: 120_000, worth: 0.01 };
}

/** One invitation that is wanted. */
export class Wish implements Placed<Wish> {
  readonly ref: Ref;
  readonly lane: Lane;
  place: Place<Wish> | undefined;
  /** Where it stands in the list of all. */
  listed = -1;
  entry: Entry | undefined;
  watchers = 0;
  /** A caller got extras that are older than fresh, or none. */
  withExtras = false;
  /** A caller was given what is older than fresh. */
  isAsked = false;
  /** A read that begins from then on is wanted, also where no caller looks; -Infinity where none is. */
  forcedAt = Number.NEGATIVE_INFINITY;
  isReading = false;
  /** Nothing is known of it, and no stream watches it. */
  isUnknown = false;
  /** It is not wanted any more; another wish for the same may be. */
  isOver = false;
  /** How often in a row its read has failed, the provider being well. */
  failures = 0;
  notBefore = Number.NEGATIVE_INFINITY;
  waitsFrom: number;
  patience: Patience = AT_ONCE;
  changesAt = Number.POSITIVE_INFINITY;
  looks = 0;
  /** Looks as of `lookedAt`, without those that the entry has counted since. */
  #looksThen = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(ref: Ref, lane: Lane, entry: Entry | undefined, at: number) {
    this.ref = ref;
    this.lane = lane;
    this.entry = entry;
    this.waitsFrom = at;
  }

  get key(): string {
    return this.ref.key;
  }
  get state(): string {
    return this.entry?.state ?? '';
  }
  get sinceAt(): number {
    return this.entry?.sinceAt ?? Number.NEGATIVE_INFINITY;
  }
  get seenAt(): number {
    return this.entry?.seenAt ?? Number.NEGATIVE_INFINITY;
  }
  /** Whether it need not be read any more: no caller waits for it to appear where it was not found, but a stream may. */
  get isFinal(): boolean {
    if (this.entry === undefined || this.#isDue()) return false;
    const { snapshot } = this.entry;
    return snapshot === null ? this.watchers === 0 : snapshot.isFinal;
  }

  /** Counts looks, with those that its entry has counted. */
  look(count: number, at: number): void {
    const looks = count + (this.entry?.looks ?? 0);
    if (this.entry !== undefined) this.entry.looks = 0;
    if (looks === 0) return;
    this.#looksThen = this.#looksAt(at) + looks;
    this.#lookedAt = at;
  }

  /** It is looked at now, as its entry has counted and goes on counting. */
  touch(at: number): void {
    this.#looksThen = this.#looksAt(at);
    this.#lookedAt = at;
  }

  /** Whether anything asks for it still. */
  isWanted(at: number): boolean {
    if (this.watchers > 0 || (this.entry?.looks ?? 0) > 0) return true;
    return at - Math.max(this.#lookedAt, this.forcedAt) <= WISH_TTL_MS;
  }

  /**
   * Works out what the order is to know.
   * @param unwatched For what no stream watches.
   * @param isNotified Whether the provider tells of its changes.
   */
  weigh(at: number, unwatched: Patience, isNotified: boolean): void {
    this.patience = this.#isDue() ? AT_ONCE : isNotified ? NOTIFIED : this.watchers > 0 ? WATCHED : unwatched;
    this.changesAt = this.forcedAt === Number.NEGATIVE_INFINITY ? this.#endsAt(at) : this.forcedAt;
    this.looks = this.watchers * LOOKS_OF_STREAM + this.#looksAt(at) + (this.entry?.looks ?? 0);
  }

  #isDue(): boolean {
    return this.isAsked || this.withExtras || this.forcedAt !== Number.NEGATIVE_INFINITY;
  }

  #looksAt(at: number): number {
    return this.#looksThen <= 0 ? 0 : this.#looksThen * 2 ** (-(at - this.#lookedAt) / LOOKS_HALF_LIFE_MS);
  }

  /** When it will change by itself; Infinity where that has been seen, or is not known. */
  #endsAt(at: number): number {
    return this.entry === undefined ? Number.POSITIVE_INFINITY : endOf(this.entry, at);
  }
}

/** When what was seen will change by itself; Infinity where that has been seen, or is not known. */
export function endOf({ snapshot, seenAt }: Entry, at: number): number {
  const endsAt = snapshot === null ? Number.POSITIVE_INFINITY : at + kindOf(snapshot).endsAt(snapshot) - Date.now();
  return endsAt > seenAt ? endsAt : Number.POSITIVE_INFINITY;
}
