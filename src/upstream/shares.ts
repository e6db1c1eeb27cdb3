// Who may take the next call of an account's quota, and when. Of each window:
//
//   who                                             may take it up to         and is spread evenly
//   ----------------------------------------------  ------------------------  --------------------------------------
//   a caller below its share                        the limit                 never
//   a caller above its share                        the limit − the reserve   beyond a first burst
//   a read that no caller waits for (`spare`)       the limit − the reserve   beyond a first burst
//   background work                                 the limit − the reserve   by itself
//   callers that insist on a newer answer           as above, and half of the longest window together
//
// How large the reserve is says reserve.ts.
//
// A caller's share is the limit ÷ (the callers that have calls in the window, and it itself, + 1), and a first burst at
// most: a caller that is alone has one, too. What is spread evenly leaves the window evenly, so that a newcomer finds a free
// call soon at any moment.

import type { CallLog, WindowBooks } from './call-log.ts';
import { isSpare, type Payment } from './payment.ts';
import { partOf } from './quota-window.ts';
import { Reserve } from './reserve.ts';

/** The part of the longest window that callers who insist get together, or no other invitation would be read again. */
export const INSISTENT_SHARE = 0.5;

/**
 * The part of a window that one caller may take in a burst. A burst leaves the window in one moment: until fifteen seconds
 * before, twenty newcomers of three calls each have to find them free. With half a window they do not.
 */
const BURST_SHARE = 0.4;

/** By which part of the time between two calls the second may be late. */
export const LATE_SHARE = 0.25;

/** How a call is spread over a window. */
export interface Spread {
  /** How long after the one before it is made, of those that are spread; 0 where it is not. */
  readonly gapMs: number;
  /** With how many calls its caller has had the burst that it may have; 0 where that is no question. */
  readonly burst: number;
}

const AT_ONCE: Spread = { gapMs: 0, burst: 0 };

export interface Pace {
  /** A call every so many milliseconds, by the window that allows least. */
  readonly everyMs: number;
  /** That window's limit. */
  readonly limit: number;
}

export class Shares {
  readonly #log: CallLog;
  readonly #reserve: Reserve;
  /** No call before this: what a 429 asks for. */
  closedUntil = Number.NEGATIVE_INFINITY;

  /** @param reserve The part of each window that is kept for callers below their share at most. */
  constructor(log: CallLog, reserve: number) {
    this.#log = log;
    this.#reserve = new Reserve(reserve);
  }

  /** How many calls of a window they get that are not below their share. */
  lentOf(books: WindowBooks): number {
    return this.#reserve.lentOf(books);
  }

  /** Background work spread evenly. */
  pace(now: number): Pace {
    this.#reserve.advance(now);
    return this.#log.books
      .map((books) => ({ everyMs: books.windowMs / this.lentOf(books), limit: books.limit }))
      .reduce((a, b) => (b.everyMs > a.everyMs ? b : a));
  }

  /** Counts a call; the log is advanced to now. */
  record(at: number, payment: Payment): void {
    const { caller, how } = payment;
    const spreadsItself = isBackground(payment);
    if (!isSpare(payment) && !this.#log.longest.byCaller.has(caller)) this.#reserve.came(at);
    let paced = 0;
    for (const books of this.#log.books) {
      const isPaced = hasBurst(books, caller);
      if (isPaced || spreadsItself) paced |= books.bit;
      if (isPaced && !spreadsItself) books.lastPacedAt = Math.max(books.lastPacedAt, this.#countsFrom(books, at));
    }
    this.#log.add(at, caller, how === 'insistent', paced);
  }

  /** Whether it goes ahead of callers above their share, and may take all of a window. */
  goesFirst(payment: Payment): boolean {
    return !isSpare(payment) && this.#leftOf(payment.caller) > 0;
  }

  /** Which of these calls go first: of each caller as many as its share has left. */
  areFirst(payments: readonly (Payment | undefined)[]): readonly boolean[] {
    const left = new Map<string, number>();
    return payments.map((payment) => {
      if (payment === undefined || isSpare(payment)) return false;
      const its = left.get(payment.caller) ?? this.#leftOf(payment.caller);
      left.set(payment.caller, its - 1);
      return its > 0;
    });
  }

  countFirst(payments: readonly (Payment | undefined)[]): number {
    return this.areFirst(payments).filter(Boolean).length;
  }

  /** How much of its share a caller has left, in calls; 0 or less where it has none. */
  #leftOf(caller: string): number {
    let left = Number.POSITIVE_INFINITY;
    for (const books of this.#log.books) {
      const used = books.byCaller.get(caller) ?? 0;
      const callers = books.byCaller.size + (used === 0 ? 1 : 0);
      left = Math.min(left, Math.min(books.limit / (callers + 1), burstOf(books)) - used);
    }
    return left;
  }

  /** How it is spread over each window, as one of so many that are taken together. */
  spreadOf(payment: Payment, together: number): readonly Spread[] {
    const { caller } = payment;
    return this.#log.books.map((books) => {
      if (isBackground(payment)) return AT_ONCE;
      if (hasBurst(books, caller)) return { gapMs: paceMs(books, this.lentOf(books), 0), burst: 0 };
      const burst = burstOf(books);
      // Counting costs Redis time. Others are unlikely to have taken most of a burst unheard.
      const isNear = (books.byCaller.get(caller) ?? 0) + together >= burst / 4;
      return isNear ? { gapMs: 0, burst } : AT_ONCE;
    });
  }

  /** Whether it may hold a connection while it waits: it goes first, and does not wait for others that insist either. */
  mayHoldConnection(payment: Payment, now: number): boolean {
    return this.goesFirst(payment) && (payment.how !== 'insistent' || this.insistentAt() <= now);
  }

  /** In how many milliseconds it may be taken, with so many others ahead; the log is advanced to `now`. */
  delayMs(payment: Payment, ahead: number, now: number): number {
    const goesFirst = this.goesFirst(payment);
    const maySpread = !isBackground(payment);
    let at = this.closedUntil;
    this.#reserve.advance(now);
    for (const books of this.#log.books) {
      const usable = goesFirst ? books.limit : this.lentOf(books);
      at = Math.max(at, this.#freeAt(books, usable, ahead, now));
      if (maySpread && hasBurst(books, payment.caller))
        at = Math.max(at, books.lastPacedAt + paceMs(books, usable, ahead));
    }
    if (payment.how === 'insistent') at = Math.max(at, this.insistentAt());
    return Math.max(0, at - now);
  }

  /** When callers that insist have a call again. */
  insistentAt(): number {
    const { longest } = this.#log;
    const usable = partOf(longest.limit, INSISTENT_SHARE);
    return longest.insistent < usable
      ? Number.NEGATIVE_INFINITY
      : this.#log.nthLastInsistent(usable) + longest.windowMs;
  }

  /** From when the next one is spread: one that comes a little late, as timers and Redis are, does not delay it. */
  #countsFrom(books: WindowBooks, at: number): number {
    const gapMs = paceMs(books, this.lentOf(books), 0);
    const dueAt = books.lastPacedAt + gapMs;
    return dueAt <= at && at <= dueAt + gapMs * LATE_SHARE ? dueAt : at;
  }

  /** When the window has a call for the one that comes after so many others. */
  #freeAt({ windowMs }: WindowBooks, usable: number, ahead: number, now: number): number {
    // Whole windows' worth of others ahead push it back by whole windows.
    const rounds = Math.floor(ahead / usable);
    const leavesAt = this.#log.nthLast(usable - (ahead % usable)) + windowMs;
    const from = rounds > 0 ? Math.max(leavesAt, now) : leavesAt;
    return Math.max(from, this.closedUntil) + rounds * windowMs;
  }
}

function isBackground({ how }: Payment): boolean {
  return how === 'background' || how === 'prepaid';
}

/** Whether a caller has had the burst that it may have of a window. */
function hasBurst(books: WindowBooks, caller: string): boolean {
  return (books.byCaller.get(caller) ?? 0) >= burstOf(books);
}

function burstOf({ limit }: WindowBooks): number {
  return Math.max(1, limit * BURST_SHARE);
}

/**
 * From one call that is spread evenly to the one that comes after so many others: what bursts have left of the window is
 * spread over it. Those behind the next one are reckoned without the bursts, which leave the window meanwhile.
 */
function paceMs({ windowMs, burst }: WindowBooks, usable: number, ahead: number): number {
  return windowMs / Math.max(1, usable - burst) + (ahead * windowMs) / usable;
}
