// Who may take the next call of an account's quota, and when. Of each window:
//
//   who                                             may take it up to         and is spread evenly
//   ----------------------------------------------  ------------------------  --------------------------------------
//   a caller below its share                        the limit                 never
//   a caller above its share                        the limit − the reserve   beyond a first burst of half a window
//   a read that no caller waits for (`spare`)       the limit − the reserve   beyond a first burst of half a window
//   background work                                 the limit − the reserve   by itself
//   callers that insist on a newer answer           as above, and half of the longest window together
//
// A caller's share is the limit ÷ (the callers that have calls in the window, and it itself, + 1): a caller that is alone
// has one, too. What is spread evenly leaves the window evenly, so that a newcomer finds a free call soon at any moment.

import type { CallLog, WindowBooks } from './call-log.ts';
import { isSpare, type Payment } from './payment.ts';
import { partOf } from './quota-window.ts';

/** The part of the longest window that callers who insist get together, or no other invitation would be read again. */
export const INSISTENT_SHARE = 0.5;

/** The part of a window that one caller may take in a burst. */
const BURST_SHARE = 0.5;

export class Shares {
  readonly #log: CallLog;
  readonly #reserve: number;
  /** No call before this: what a 429 asks for. */
  closedUntil = Number.NEGATIVE_INFINITY;

  /** @param reserve The part of each window that is kept for callers below their share. */
  constructor(log: CallLog, reserve: number) {
    this.#log = log;
    this.#reserve = reserve;
  }

  /** Counts a call; the log is advanced to now. */
  record(at: number, payment: Payment): void {
    const { caller, how } = payment;
    const spreadsItself = isBackground(payment);
    let paced = 0;
    for (const books of this.#log.books) {
      const isPaced = hasBurst(books, caller);
      if (isPaced || spreadsItself) paced |= books.bit;
      if (isPaced && !spreadsItself) books.lastPacedAt = Math.max(books.lastPacedAt, at);
    }
    this.#log.add(at, caller, how === 'insistent', paced);
  }

  /** Whether it goes ahead of callers above their share, and may take all of a window. */
  goesFirst(payment: Payment): boolean {
    if (isSpare(payment)) return false;
    const { caller } = payment;
    for (const books of this.#log.books) {
      const used = books.byCaller.get(caller) ?? 0;
      const callers = books.byCaller.size + (used === 0 ? 1 : 0);
      if (used >= books.limit / (callers + 1)) return false;
    }
    return true;
  }

  /** The same, where it does not wait for others that insist either. */
  goesNext(payment: Payment, now: number): boolean {
    return this.goesFirst(payment) && (payment.how !== 'insistent' || this.insistentAt() <= now);
  }

  /** In how many milliseconds it may be taken, with so many others ahead; the log is advanced to `now`. */
  delayMs(payment: Payment, ahead: number, now: number): number {
    const goesFirst = this.goesFirst(payment);
    const maySpread = !goesFirst && !isBackground(payment);
    let at = this.closedUntil;
    for (const books of this.#log.books) {
      const usable = goesFirst ? books.limit : partOf(books.limit, 1 - this.#reserve);
      at = Math.max(at, this.#freeAt(books, usable, ahead));
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

  /** When the window has a call for the one that comes after so many others. */
  #freeAt({ windowMs }: WindowBooks, usable: number, ahead: number): number {
    // Whole windows' worth of others ahead push it back by whole windows.
    const rounds = Math.floor(ahead / usable);
    return Math.max(
      this.#log.nthLast(usable - (ahead % usable)) + (rounds + 1) * windowMs,
      this.closedUntil + rounds * windowMs,
    );
  }
}

function isBackground({ how }: Payment): boolean {
  return how === 'background' || how === 'prepaid';
}

/** Whether a caller has had the burst that it may have of a window. */
function hasBurst({ limit, byCaller }: WindowBooks, caller: string): boolean {
  return (byCaller.get(caller) ?? 0) >= Math.max(1, limit * BURST_SHARE);
}

/**
 * From one call that is spread evenly to the one that comes after so many others: what bursts have left of the window is
 * spread over it. Those behind the next one are reckoned without the bursts, which leave the window meanwhile.
 */
function paceMs({ windowMs, burst }: WindowBooks, usable: number, ahead: number): number {
  return windowMs / Math.max(1, usable - burst) + (ahead * windowMs) / usable;
}
