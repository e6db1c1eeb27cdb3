// What is wanted of one account's invitations: all that callers have looked at lately, all that a stream watches, and what
// is to be read for another reason. In: looks, watches, and what reads have seen. Out: how much each is wanted, for the
// order that says which is read next. It reads nothing. There is one wish an entry of the store at most, one for each ref
// that is watched, and a bounded number for what is not known.

import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { Patience } from '../order/place.ts';
import type { Entry } from './entry.ts';
import type { Reading } from './reading.ts';
import { Resting } from './resting.ts';
import { type Lane, lookedAt, Wish } from './wish.ts';

/** A stream reads what it begins with; what that has not brought is read after so long. */
const FIRST_READ_MS = 5_000;

/** The wishes are gone through once in so many steps, for those that are over. */
const SWEEP_STEPS = 256;

/** Most wishes for what is not known; further ones are not heard until some of these are fulfilled. */
const MAX_UNKNOWN = 20_000;

export interface WishesOptions {
  readonly laneOf: (ref: Ref) => Lane;
  readonly freshMs: number;
  /** Whether the provider's notifications of it arrive. */
  readonly isNotified: (snapshot: Snapshot) => boolean;
  /** Something is due now. */
  readonly onDue: () => void;
  /** Something may become due sooner than before. */
  readonly onChange: (at: number) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

type Change = (wish: Wish, at: number) => void;

export class Wishes {
  readonly #options: WishesOptions;
  readonly #lookedAt: Patience;
  readonly #wishes = new Map<string, Wish>();
  /** How many of them are of what is neither known nor watched. */
  #unknown = 0;
  /** All of them. A sweep keeps its place in this list: an iterator of the map would keep all that has left the map since. */
  readonly #list: Wish[] = [];
  /** Where the sweep goes on. */
  #swept = 0;
  /** What a caller has seen for the first time: each becomes a wish when it may be read. */
  readonly #resting: Resting;
  #isOver = false;

  constructor(options: WishesOptions) {
    this.#options = options;
    this.#lookedAt = lookedAt(options.freshMs);
    this.#resting = new Resting(this.#lookedAt);
  }

  /** How much is wanted. */
  get size(): number {
    return this.#wishes.size + this.#resting.size;
  }

  /** How much of it need not be read yet. */
  get resting(): number {
    return this.#resting.size;
  }

  /** When the next one that rests is to be wished for; Infinity where there is none. */
  get wakesAt(): number {
    return this.#resting.endsAt;
  }

  /** Wishes for what has rested until now. */
  wake(at: number): void {
    while (this.#resting.endsAt <= at) {
      const wish = this.#resting.first && this.#wakeUp(this.#resting.first);
      if (wish !== undefined) this.#place(wish, at);
    }
  }

  /** Whether it is still one of them. */
  has(wish: Wish): boolean {
    return !wish.isOver;
  }

  /** Callers have looked at it, as its entry has counted. */
  look(ref: Ref, entry: Entry): void {
    if (this.#resting.has(entry)) return;
    this.#want(ref, entry, (wish, at) => wish.touch(at));
  }

  /** A caller was given what is older than fresh, or nothing: it is due. */
  ask({ ref, withExtras }: Reading, entry: Entry | undefined): void {
    const known = this.#wishes.get(ref.key);
    if (known?.isAsked && (known.withExtras || !withExtras)) return;
    if (known === undefined && entry === undefined && this.#isFull) return;
    this.#wantNow(ref, entry, (wish, at) => {
      wish.isAsked = true;
      // A stream's first read has been refused: it is made here.
      if (wish.failures === 0) wish.notBefore = Number.NEGATIVE_INFINITY;
      wish.withExtras ||= withExtras;
      if (entry === undefined) wish.look(1, at);
      else wish.touch(at);
    });
  }

  /** Wants a read that begins from now on, also where no caller looks. */
  force(ref: Ref, entry: Entry | undefined): void {
    if (entry === undefined && this.#isFull && !this.#wishes.has(ref.key)) return;
    this.#wantNow(ref, entry, (wish, at) => {
      wish.forcedAt = at;
    });
  }

  /** So many streams more (or less, below 0) watch it. */
  watch(ref: Ref, entry: Entry | undefined, streams: number): void {
    this.#want(ref, entry, (wish, at) => {
      wish.watchers += streams;
      if (streams > 0 && entry === undefined) wish.notBefore = Math.max(wish.notBefore, at + FIRST_READ_MS);
    });
  }

  /**
   * It was seen, here or by another process.
   * @param looks For how many callers it was read.
   * @param before What was known of it.
   */
  see(ref: Ref, entry: Entry, looks: number, before: Entry | undefined): void {
    if (before === undefined || this.#wakeUp(before) === undefined) {
      const isWished = this.#wishes.has(ref.key);
      if (looks === 0 && !isWished) return;
      if (!isWished && this.#rest(ref, entry)) return;
    }
    this.#want(ref, entry, (wish, at) => {
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

  /**
   * What is known of it has changed without a read.
   * @param entry Undefined where nothing is known of it any more.
   * @param before What was known of it.
   */
  hold(key: string, entry: Entry | undefined, before: Entry | undefined): void {
    if (before !== undefined && entry === undefined && this.#resting.remove(before)) return;
    if (before !== undefined) this.#wakeUp(before);
    const wish = this.#wishes.get(key);
    if (wish === undefined) return;
    if (entry === undefined && wish.watchers === 0) this.#remove(wish);
    else
      this.#changeSoon(wish, () => {
        wish.entry = entry;
      });
  }

  /** Whether the provider tells of its changes may have changed. */
  reconsider({ key }: Ref): void {
    const wish = this.#wishes.get(key);
    if (wish !== undefined) this.#changeSoon(wish, () => {});
  }

  /** It is not read for so long, though it is wanted. */
  postpone(wish: Wish, delayMs: number, at: number): void {
    this.change(wish, at, () => {
      wish.notBefore = at + delayMs;
    });
  }

  /** Changes a wish, and its place in the order accordingly. */
  change(wish: Wish, at: number, change: Change): void {
    wish.lane.order.drop(wish);
    change(wish, at);
    this.#place(wish, at);
  }

  /** Lets go of some of the wishes that are over: each time of a part of them. */
  sweep(at: number): void {
    for (let left = Math.ceil(this.#wishes.size / SWEEP_STEPS); left > 0; left--) {
      const wish = this.#list[this.#swept];
      if (wish === undefined) {
        this.#swept = 0;
        return;
      }
      wish.look(0, at);
      // Another one takes the place of one that goes.
      if (!wish.isReading && !wish.isWanted(at)) this.#remove(wish);
      else this.#swept += 1;
    }
  }

  /** Nothing is wanted any more, though it may be looked at. */
  clear(): void {
    this.#isOver = true;
    this.#resting.clear();
    for (const wish of [...this.#list]) this.#remove(wish);
  }

  get #isFull(): boolean {
    return this.#unknown >= MAX_UNKNOWN;
  }

  #want(ref: Ref, entry: Entry | undefined, change: Change): void {
    const wish = this.#of(ref, entry);
    if (wish !== undefined) this.#changeSoon(wish, change);
  }

  #wantNow(ref: Ref, entry: Entry | undefined, change: Change): void {
    const wish = this.#of(ref, entry);
    if (wish === undefined) return;
    this.change(wish, this.#options.now(), change);
    this.#options.onDue();
  }

  #changeSoon(wish: Wish, change: Change): void {
    const at = this.#options.now();
    this.change(wish, at, change);
    this.#options.onChange(at);
  }

  /** The wish for it; one that is new is not in the order yet. */
  #of(ref: Ref, entry: Entry | undefined): Wish | undefined {
    if (this.#isOver) return undefined;
    return this.#wishes.get(ref.key) ?? this.#newWish(ref, entry, this.#options.now());
  }

  #newWish(ref: Ref, entry: Entry | undefined, at: number): Wish {
    const wish = new Wish(ref, this.#options.laneOf(ref), entry, at);
    this.#wishes.set(ref.key, wish);
    wish.listed = this.#list.push(wish) - 1;
    if (entry !== undefined && this.#resting.remove(entry)) {
      wish.waitsFrom = entry.seenAt;
      // It was read for a caller, and others may have looked at it since.
      wish.look(1, entry.looks > 0 ? at : entry.seenAt);
    }
    return wish;
  }

  /** Lets it rest, where it may. */
  #rest(ref: Ref, entry: Entry): boolean {
    const at = this.#options.now();
    if (this.#isOver || !this.#resting.add(ref, entry, at)) return false;
    if (this.#resting.size === 1) this.#options.onChange(at);
    return true;
  }

  /** The wish for what rests, which is not in the order yet; undefined where it does not rest. */
  #wakeUp(entry: Entry): Wish | undefined {
    const ref = this.#resting.refOf(entry);
    return ref && this.#newWish(ref, entry, this.#options.now());
  }

  #place(wish: Wish, at: number): void {
    if (!this.has(wish)) return;
    this.#count(wish, wish.entry === undefined && wish.watchers === 0);
    if (wish.isReading) return;
    if (wish.watchers === 0 && (wish.isFinal || !wish.isWanted(at))) {
      this.#remove(wish);
      return;
    }
    const snapshot = wish.entry?.snapshot;
    wish.weigh(at, this.#lookedAt, !!snapshot && this.#options.isNotified(snapshot));
    wish.lane.order.want(wish, at);
  }

  #count(wish: Wish, isUnknown: boolean): void {
    if (wish.isUnknown !== isUnknown) this.#unknown += isUnknown ? 1 : -1;
    wish.isUnknown = isUnknown;
  }

  #remove(wish: Wish): void {
    wish.lane.order.drop(wish);
    this.#wishes.delete(wish.key);
    const last = this.#list.pop();
    if (last !== undefined && last !== wish) {
      this.#list[wish.listed] = last;
      last.listed = wish.listed;
    }
    this.#count(wish, false);
    wish.isOver = true;
  }
}
