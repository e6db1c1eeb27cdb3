// What one process may do of an account's quota while it cannot ask Redis: its share of what is left of each window, evenly
// spread. What all processes had used before counts, as far as this process has heard of it. Where all of them have lost
// Redis they stay within the limit together, because each takes its share of the same rest.

import type { CallLog, WindowBooks } from './call-log.ts';
import type { QuotaStatus, QuotaUsage } from './quota.ts';
import { partOf } from './quota-window.ts';

/** How long after a loss the first call is made, in milliseconds: until what others told of their calls has been read. */
const GRACE_MS = 10;

export class OwnShare {
  readonly #log: CallLog;
  readonly #share: () => number;
  /** When Redis was lost. */
  #lostAt: number;
  /** When this process has made calls alone, those of the longest window. */
  readonly #calls: number[] = [];

  /** @param share This process's part of the whole, 0 to 1. */
  constructor(log: CallLog, share: () => number, lostAt: number) {
    this.#log = log;
    this.#share = share;
    this.#lostAt = lostAt;
  }

  lost(at: number): void {
    this.#lostAt = at;
    this.#calls.length = 0;
  }

  record(at: number, calls: number): void {
    for (let n = 0; n < calls; n++) this.#calls.push(at);
  }

  /** Whether there are such calls of late. */
  isUsed(): boolean {
    return this.#calls.length > 0;
  }

  /** Of the window of which it has least left. */
  status(now: number, closedUntil: number): QuotaStatus {
    const least = this.#log.books
      .map((books) => {
        const [limit, used] = [this.#limitOf(books), this.#usedOf(books, now)];
        return { limit, remaining: Math.max(0, limit - used), resetsInMs: this.delayMs(0, now) };
      })
      .reduce((a, b) => (b.remaining / b.limit < a.remaining / a.limit ? b : a));
    return closedUntil > now ? { ...least, remaining: 0, resetsInMs: closedUntil - now } : least;
  }

  /** In how many milliseconds this process may make a call alone, with so many others ahead; the log is advanced to `now`. */
  delayMs(ahead: number, now: number): number {
    while ((this.#calls[0] ?? now) + this.#log.longest.windowMs <= now) this.#calls.shift();
    let at = this.#lostAt + GRACE_MS;
    for (const books of this.#log.books)
      at = Math.max(at, this.#spreadAt(books, ahead), this.#freeAt(books, ahead, now));
    return Math.max(0, at - now);
  }

  /** How much of its part of each window this process has used. */
  windows(now: number): QuotaUsage['windows'] {
    return this.#log.books.map((books) => ({
      limit: this.#limitOf(books),
      windowMs: books.windowMs,
      used: this.#usedOf(books, now),
    }));
  }

  /** How many calls of the window are this process's. */
  #limitOf({ limit }: WindowBooks): number {
    return partOf(limit, this.#share());
  }

  /** How many calls it has made alone in the window. */
  #usedOf({ windowMs }: WindowBooks, now: number): number {
    return this.#calls.filter((at) => at > now - windowMs).length;
  }

  #spreadAt(books: WindowBooks, ahead: number): number {
    const last = this.#calls.at(-1) ?? Number.NEGATIVE_INFINITY;
    return last === Number.NEGATIVE_INFINITY && ahead === 0
      ? last
      : Math.max(last, this.#lostAt) + ((ahead + 1) * books.windowMs) / this.#limitOf(books);
  }

  /** When the rest of the window is large enough for this process's next call. */
  #freeAt(books: WindowBooks, ahead: number, now: number): number {
    const own = this.#usedOf(books, now) + ahead;
    const before = this.#log.usedUntil(books, this.#lostAt);
    // One whose share is less than a call has one where all of the window is left.
    if (before === 0 && own === 0) return Number.NEGATIVE_INFINITY;
    if (own >= this.#limitOf(books)) {
      const leaving = this.#calls[this.#calls.length - this.#limitOf(books)] ?? now;
      return leaving + books.windowMs;
    }
    // So much has to be left that the share of it is one call more.
    const left = Math.ceil((own + 1) / this.#share() - 1e-9);
    const leave = before - Math.max(0, books.limit - left);
    return leave <= 0 ? Number.NEGATIVE_INFINITY : this.#log.nthOldest(books, leave - 1) + books.windowMs;
  }
}
