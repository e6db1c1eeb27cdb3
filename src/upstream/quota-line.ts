// The line of callers that wait for a call of an account's quota. First go those below their share, then the others, each
// in the order they came; one that cannot be served in time is refused.

import { ProviderRateLimited } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { CancelListener, Cancellation } from './cancellation.ts';
import type { Payment, Unpaid } from './payment.ts';
import type { Shares } from './shares.ts';

/** What came of taking calls: how many were taken, when, and in how many milliseconds to try the rest again. */
export interface Taken {
  readonly taken: number;
  readonly at: number;
  readonly delayMs: number;
}

export interface Wanted {
  readonly payment: Payment;
  /** For how long it would wait, in milliseconds. */
  readonly patienceMs: number;
}

/** Takes calls, the first ones first; the first has waited for so many milliseconds. */
export type TakeCalls = (wanted: readonly Wanted[], waitedMs: number) => Taken | Promise<Taken>;

export interface LineOptions {
  readonly provider: ProviderName;
  /** Says who goes first. */
  readonly shares: Shares;
  /** Advances the shares' log, and gives the time. */
  readonly now: () => number;
  /** In how many milliseconds from `at` a call may be taken, with so many others ahead. */
  readonly delayMs: (payment: Payment, ahead: number, at: number) => number;
  readonly take: TakeCalls;
  /** Most calls that are taken at once. */
  readonly batch: number;
}

export class QuotaLine {
  readonly #options: LineOptions;
  readonly #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isServing = false;
  #hasMore = false;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** How many wait that go before such a one. */
  ahead(payment: Payment): number {
    if (this.#waiting.length === 0) return 0;
    const { shares, now } = this.#options;
    const isFirst = shares.goesFirst(payment);
    // Callers that insist may have to wait for each other. They delay no other callers meanwhile.
    const isPassed = payment.how !== 'insistent' && shares.insistentAt() > now();
    const others = this.#waiting.map((waiter) => waiter.payment).filter(({ how }) => !isPassed || how !== 'insistent');
    return isFirst ? shares.countFirst(others) : others.length;
  }

  /**
   * Why a caller cannot be served within `patienceMs`.
   * @param others They come to this line before it, later.
   */
  refusal(payment: Payment, patienceMs: number, others: readonly Unpaid[] = []): ProviderRateLimited | undefined {
    const { shares, now, delayMs: delayOf } = this.#options;
    const ahead = this.ahead(payment);
    const delayMs = delayOf(payment, ahead + others.length, now());
    if (delayMs <= patienceMs) return undefined;
    if (others.length === 0 || !shares.goesFirst(payment)) return this.#refusalIn(delayMs);
    const first = shares.countFirst(others.map((other) => other.payment));
    const firstMs = delayOf(payment, ahead + first, now());
    return firstMs > patienceMs ? this.#refusalIn(firstMs) : undefined;
  }

  /**
   * Waits for a call.
   * @returns when it was taken.
   * @throws ProviderRateLimited where it has not come within `patienceMs`; the reason where it is cancelled.
   */
  wait(payment: Payment, patienceMs: number, cancellation: Cancellation): Promise<number> {
    const since = this.#options.now();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        payment,
        since,
        until: since + patienceMs,
        cancelled: (reason) => waiter.refuse(reason),
        refuse: (reason) => {
          cancellation.remove(waiter);
          const place = this.#waiting.indexOf(waiter);
          if (place >= 0) this.#waiting.splice(place, 1);
          reject(reason);
        },
        serve: (at) => {
          cancellation.remove(waiter);
          this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
          resolve(at);
        },
      };
      this.#waiting.push(waiter);
      cancellation.add(waiter);
      this.serve();
    });
  }

  /** Serves those whose turn it is; called again whenever something has changed for them. */
  serve(): void {
    this.#hasMore = true;
    if (!this.#isServing) void this.#serveAll();
  }

  async #serveAll(): Promise<void> {
    this.#isServing = true;
    let delayMs = 0;
    while (this.#hasMore) {
      this.#hasMore = false;
      this.#refuseLate();
      const { next, delayMs: nextMs } = this.#next();
      delayMs = nextMs;
      const [first] = next;
      if (first === undefined) continue;
      // Nothing is waited for where nothing has to be.
      const from = this.#options.now();
      const taking = this.#options.take(
        next.map(({ payment, until }) => ({ payment, patienceMs: Math.max(0, until - from) })),
        from - first.since,
      );
      const { taken, at, delayMs: againMs } = taking instanceof Promise ? await taking : taking;
      // A call that was taken for a caller that has gone meanwhile is the next one's.
      for (const waiter of next.filter((one) => this.#waiting.includes(one)).slice(0, taken)) waiter.serve(at);
      delayMs = againMs;
      if (againMs === 0 || this.#refuseNext(next.slice(taken), at, againMs)) this.#hasMore = true;
    }
    this.#isServing = false;
    this.#wakeIn(delayMs);
  }

  /** Those that may be served now, in their order, or in how many milliseconds the first one may. */
  #next(): { next: readonly Waiter[]; delayMs: number } {
    const { shares, now, batch, delayMs: delayOf } = this.#options;
    const at = now();
    const next: Waiter[] = [];
    let soonest = Number.POSITIVE_INFINITY;
    for (const waiter of this.#inOrder()) {
      const delayMs = delayOf(waiter.payment, next.length, at);
      if (delayMs === 0) next.push(waiter);
      else soonest = Math.min(soonest, delayMs);
      if (next.length === batch) break;
      // What is free next is the first one's, but for those that insist: they may have to wait for each other.
      if (delayMs > 0 && waiter.payment.how !== 'insistent' && shares.goesFirst(waiter.payment)) break;
    }
    return { next, delayMs: soonest };
  }

  #inOrder(): readonly Waiter[] {
    if (this.#waiting.length < 2) return this.#waiting;
    const areFirst = this.#options.shares.areFirst(this.#waiting.map(({ payment }) => payment));
    return [...this.#waiting.filter((_, n) => areFirst[n]), ...this.#waiting.filter((_, n) => !areFirst[n])];
  }

  /** Refuses waiters that cannot be served in time any more: others went ahead of them, or the gate has closed. */
  #refuseLate(): void {
    const at = this.#options.now();
    for (const [place, waiter] of [...this.#inOrder().entries()].reverse()) {
      const delayMs = this.#options.delayMs(waiter.payment, place, at);
      if (delayMs > 0 && at + delayMs > waiter.until) waiter.refuse(this.#refusalIn(delayMs));
    }
  }

  /**
   * Refuses what was asked for, and cannot be had in time: more may be used up than this process has heard of.
   * @returns whether any was: others may be served then.
   */
  #refuseNext([first, ...others]: readonly Waiter[], at: number, delayMs: number): boolean {
    if (first === undefined) return false;
    const { how, caller } = first.payment;
    const alike = others.filter(({ payment }) => payment.how === how && payment.caller === caller);
    const late = [first, ...alike].filter((waiter) => this.#waiting.includes(waiter) && at + delayMs > waiter.until);
    for (const waiter of late) waiter.refuse(this.#refusalIn(delayMs));
    return late.length > 0;
  }

  #refusalIn(delayMs: number): ProviderRateLimited {
    return new ProviderRateLimited(this.#options.provider, Math.max(1, Math.ceil(delayMs / 1_000)));
  }

  #wakeIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => this.serve(), Math.max(1, Math.ceil(delayMs)));
  }
}

interface Waiter extends CancelListener {
  readonly payment: Payment;
  readonly since: number;
  /** When it would rather be refused. */
  readonly until: number;
  refuse(reason: Error): void;
  serve(at: number): void;
}
