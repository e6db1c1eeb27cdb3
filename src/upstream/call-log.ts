// The calls of late of one account, and the books of each window: how many calls are in it, and of which callers. It
// remembers when calls were made, so that a window is exact wherever it begins. (A counter that starts anew each minute
// lets twice the limit pass around the full minute, and the provider's minute does not begin when ours does.)

import { longestOf, type QuotaWindow } from './quota-window.ts';

/** One window and its books. */
export class WindowBooks implements QuotaWindow {
  readonly limit: number;
  readonly windowMs: number;
  /** Calls of each caller that has any. */
  readonly byCaller = new Map<string, number>();
  /** Calls of callers that insisted on a newer answer than was known. */
  insistent = 0;
  /** Calls that were not spread evenly over the window. */
  burst = 0;
  /** When the last one was made that was. */
  lastPacedAt = Number.NEGATIVE_INFINITY;
  /** Number of the oldest call that is in the window. */
  first = 0;
  /** Tells the windows apart in a set of them. */
  readonly bit: number;

  constructor({ limit, windowMs }: QuotaWindow, index: number) {
    this.limit = limit;
    this.windowMs = windowMs;
    this.bit = 1 << index;
  }
}

/** The flag of a call whose caller insisted; the others are the windows over which it was spread evenly. */
const INSISTENT = 1 << 30;
const INITIAL_SIZE = 256;

export class CallLog {
  books: readonly WindowBooks[];
  longest: WindowBooks;
  // Rings: the call of number n stands at n % size.
  #times = new Float64Array(INITIAL_SIZE);
  #flags = new Int32Array(INITIAL_SIZE);
  #callers: string[] = new Array(INITIAL_SIZE);
  /** How many calls there have been. */
  #made = 0;

  constructor(windows: readonly QuotaWindow[]) {
    this.books = windows.map((window, index) => new WindowBooks(window, index));
    this.longest = longestOf(this.books);
  }

  /**
   * @param at When it was made, in milliseconds: mostly now, and earlier where another process has told of it.
   * @param paced The windows over which it was spread evenly, by their bits.
   */
  add(at: number, caller: string, isInsistent: boolean, paced: number): void {
    if (this.used(this.longest) === this.#times.length) this.#grow();
    let number = this.#made;
    this.#made += 1;
    for (; number > this.longest.first && this.#timeOf(number - 1) > at; number--) this.#move(number - 1, number);
    const place = number % this.#times.length;
    this.#times[place] = at;
    this.#flags[place] = isInsistent ? paced | INSISTENT : paced;
    this.#callers[place] = caller;
    for (const books of this.books) {
      if (number < books.first) {
        books.first += 1;
        continue;
      }
      this.#enter(books, number);
    }
  }

  /**
   * Moves a caller's last call until `from` to `to`: it was not made then, and is made now.
   * @returns whether there is such a call in every window: in one that it has left there may be no place for it.
   */
  move(caller: string, from: number, to: number): boolean {
    const size = this.#times.length;
    let number = this.longest.first + this.usedUntil(this.longest, from) - 1;
    while (number >= this.longest.first && this.#callers[number % size] !== caller) number -= 1;
    if (this.books.some(({ first }) => number < first)) return false;
    const flags = this.#flagsOf(number);
    for (const books of this.books) this.#uncount(books, number);
    for (let next = number + 1; next < this.#made; next++) this.#move(next, next - 1);
    this.#made -= 1;
    this.add(to, caller, (flags & INSISTENT) !== 0, flags & ~INSISTENT);
    return true;
  }

  /** Keeps books of other windows from now on. The calls count in them that it remembers: those of the longest until now. */
  keepTo(windows: readonly QuotaWindow[], now: number): void {
    const { first } = this.longest;
    const before = this.books;
    this.books = windows.map((window, index) => new WindowBooks(window, index));
    this.longest = longestOf(this.books);
    for (const [index, books] of this.books.entries()) {
      books.lastPacedAt = before[index]?.lastPacedAt ?? Number.NEGATIVE_INFINITY;
      books.first = first;
      for (let number = first; number < this.#made; number++) this.#enter(books, number);
    }
    this.advance(now);
  }

  /** Takes out of each window's books what is no longer in it. */
  advance(now: number): void {
    for (const books of this.books) {
      while (books.first < this.#made && this.#timeOf(books.first) + books.windowMs <= now) this.#leave(books);
    }
  }

  /** Calls in the window, as of the last time that the log was advanced. */
  used(books: WindowBooks): number {
    return this.#made - books.first;
  }

  /** When the call was made that is the n-th to leave the window; 0 is the next one. */
  nthOldest(books: WindowBooks, n: number): number {
    return this.#timeOf(books.first + n);
  }

  /** How many of the window's calls were made until then. */
  usedUntil(books: WindowBooks, at: number): number {
    let [low, high] = [books.first, this.#made];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#timeOf(middle) <= at) low = middle + 1;
      else high = middle;
    }
    return low - books.first;
  }

  /** When the n-th last call was made; -Infinity where there were not so many in the longest window. */
  nthLast(n: number): number {
    return n > this.used(this.longest) ? Number.NEGATIVE_INFINITY : this.#timeOf(this.#made - n);
  }

  /** The same among the calls of callers that insisted. */
  nthLastInsistent(n: number): number {
    let left = n;
    for (let number = this.#made - 1; number >= this.longest.first; number--) {
      if ((this.#flagsOf(number) & INSISTENT) !== 0) left -= 1;
      if (left === 0) return this.#timeOf(number);
    }
    return Number.NEGATIVE_INFINITY;
  }

  #timeOf(number: number): number {
    return this.#times[number % this.#times.length] ?? Number.NEGATIVE_INFINITY;
  }

  #flagsOf(number: number): number {
    return this.#flags[number % this.#flags.length] ?? 0;
  }

  #move(from: number, to: number): void {
    const size = this.#times.length;
    this.#times[to % size] = this.#timeOf(from);
    this.#flags[to % size] = this.#flagsOf(from);
    this.#callers[to % size] = this.#callers[from % size] ?? '';
  }

  #enter(books: WindowBooks, number: number): void {
    const caller = this.#callers[number % this.#callers.length] ?? '';
    const flags = this.#flagsOf(number);
    books.byCaller.set(caller, (books.byCaller.get(caller) ?? 0) + 1);
    if ((flags & INSISTENT) !== 0) books.insistent += 1;
    if ((flags & books.bit) === 0) books.burst += 1;
  }

  #leave(books: WindowBooks): void {
    this.#uncount(books, books.first);
    books.first += 1;
  }

  #uncount(books: WindowBooks, number: number): void {
    const caller = this.#callers[number % this.#callers.length] ?? '';
    const flags = this.#flagsOf(number);
    const calls = (books.byCaller.get(caller) ?? 0) - 1;
    if (calls > 0) books.byCaller.set(caller, calls);
    else books.byCaller.delete(caller);
    if ((flags & INSISTENT) !== 0) books.insistent -= 1;
    if ((flags & books.bit) === 0) books.burst -= 1;
  }

  #grow(): void {
    const size = this.#times.length;
    const [times, flags] = [new Float64Array(size * 2), new Int32Array(size * 2)];
    const callers: string[] = new Array(size * 2);
    for (let number = this.longest.first; number < this.#made; number++) {
      const place = number % (size * 2);
      times[place] = this.#timeOf(number);
      flags[place] = this.#flagsOf(number);
      callers[place] = this.#callers[number % size] ?? '';
    }
    this.#times = times;
    this.#flags = flags;
    this.#callers = callers;
  }
}
