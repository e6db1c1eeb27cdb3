// What is wanted of one account's invitations: all that callers have looked at lately, all that a stream watches, and what
// is to be read for another reason. In: looks, watches, and what reads have seen. Out: how much each is wanted, for the
// order that says which is read next. It reads nothing.

import { kindOf } from '../invitation/kinds.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Patience, Wanted } from '../order/order.ts';
import type { Entry } from './entry.ts';
import type { Lane } from './lanes.ts';

/** What no caller has looked at for so long is not wanted any more, in milliseconds. */
const WISH_TTL_MS = 600_000;

/** Looks count half as much after so long. */
const LOOKS_HALF_LIFE_MS = 300_000;

/** A stream counts as so many looks for as long as it watches. */
const LOOKS_OF_STREAM = 4;

/** A stream reads what it begins with; what that has not brought is read after so long. */
const FIRST_READ_MS = 5_000;

/** The wishes are gone through once in so many steps, for those that are over. */
const SWEEP_STEPS = 256;

const AT_ONCE: Patience = { leastMs: 0, mostMs: 0, worth: 0 };
/** What a stream watches: a change is to be told soon. */
const WATCHED: Patience = { leastMs: 5_000, mostMs: 60_000, worth: 0.001 };
/** Where the provider tells of changes, reading is only a safety net. */
const NOTIFIED: Patience = { leastMs: 300_000, mostMs: 300_000, worth: 1 };
/** What callers look at without being given what is older than fresh. */
const LOOKED_AT = { mostMs: 120_000, worth: 0.01 };

/** One invitation that is wanted. */
export class Wish implements Wanted {
  readonly ref: Ref;
  readonly lane: Lane;
  entry: Entry | undefined;
  watchers = 0;
  /** A caller got extras that are older than fresh, or none. */
  withExtras = false;
  /** A caller was given what is older than fresh. */
  isAsked = false;
  /** A read that begins from then on is wanted, whoever looks; -Infinity where none is. */
  forcedAt = Number.NEGATIVE_INFINITY;
  isReading = false;
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

  constructor(ref: Ref, lane: Lane, at: number) {
    this.ref = ref;
    this.lane = lane;
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
  get isFinal(): boolean {
    return !this.#isDue() && (this.entry?.snapshot?.isFinal ?? false);
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
    return this.watchers > 0 || at - Math.max(this.#lookedAt, this.forcedAt) <= WISH_TTL_MS;
  }

  /** Works out what the order is to know. @param isNotified Whether the provider tells of its changes. */
  weigh(at: number, freshMs: number, isNotified: boolean): void {
    const unwatched = this.watchers > 0 ? WATCHED : { leastMs: freshMs, ...LOOKED_AT };
    this.patience = this.#isDue() ? AT_ONCE : isNotified ? NOTIFIED : unwatched;
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
    const snapshot = this.entry?.snapshot;
    const span = snapshot ? kindOf(snapshot).spanOf(snapshot) : null;
    const endsAt = span === null ? Number.POSITIVE_INFINITY : at + span.endsAt - Date.now();
    return endsAt > this.seenAt ? endsAt : Number.POSITIVE_INFINITY;
  }
}

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
