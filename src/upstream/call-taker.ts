// Takes calls of an account that several processes share: of Redis, or alone where Redis cannot be asked (membership.ts
// says which). A call is taken where this process and Redis both have room for it, because either may have forgotten what
// the other knows. Payments come with the digests of their callers.

import { nameOfCall } from './call-name.ts';
import type { KnownCalls } from './known-calls.ts';
import type { Membership } from './membership.ts';
import type { OwnShare } from './own-share.ts';
import { isSpare, type Payment } from './payment.ts';
import type { Taken, Wanted } from './quota-line.ts';
import type { Rank, RedisCalls } from './redis-calls.ts';
import type { Shares } from './shares.ts';

export interface CallTakerOptions {
  /** Names this process. */
  readonly process: string;
  /** Advances the shares' log, and gives the time. */
  readonly now: () => number;
  readonly shares: Shares;
  readonly known: KnownCalls;
  readonly own: OwnShare;
  readonly redisCalls: RedisCalls;
  readonly membership: Membership;
}

/**
 * After so many milliseconds Redis counts as lost. An answer that comes all the same has waited to be read, because this
 * process stood still: Redis counted the call earlier than it can be made.
 */
const LATE_MS = 50;

/** Whether a call was counted so long ago that it is to be moved before it is made. */
export function isLate(countedAt: number, now: number): boolean {
  return now - countedAt > LATE_MS;
}

export class CallTaker {
  readonly #options: CallTakerOptions;
  /** Names of calls that Redis is asked to move: of two that a caller has taken at once, each is moved. */
  readonly #moving = new Set<string>();
  #named = 0;

  constructor(options: CallTakerOptions) {
    this.#options = options;
  }

  /** In how many milliseconds from `at` a call may be taken as far as this process knows, with so many others ahead. */
  delayMs(payment: Payment, ahead: number, at: number): number {
    const { shares, own, membership } = this.#options;
    const delayMs = shares.delayMs(payment, ahead, at);
    return membership.standing === 'together' ? delayMs : Math.max(delayMs, own.delayMs(ahead, at));
  }

  /**
   * Takes calls, the first ones first; the first has waited for so many milliseconds. They count from `at`: from when they
   * were asked for where the answer is late (`isLate`).
   */
  take(wanted: readonly Wanted[], waitedMs: number): Taken | Promise<Taken> {
    return this.#options.membership.isAlone ? this.#takeAlone(wanted) : this.#takeOfRedis(wanted, waitedMs);
  }

  /**
   * Counts a call from now on that was taken for this caller and not made.
   * @param unusedAt When it was taken, or a little later.
   * @returns when it counts from; undefined where it cannot be moved.
   */
  async move({ caller }: Payment, unusedAt: number): Promise<number | undefined> {
    const { process, now, known, redisCalls, membership } = this.#options;
    const name = known.lastOf(process, caller, unusedAt, this.#moving);
    if (name === undefined || membership.isAlone) return undefined;
    this.#moving.add(name);
    const isMoved = await redisCalls.move(name);
    this.#moving.delete(name);
    if (!isMoved) return undefined;
    // However late the answer is: a process that is always late would never make a call.
    const at = now();
    known.move(name, at);
    return at;
  }

  async #takeOfRedis(calls: readonly Wanted[], waitedMs: number): Promise<Taken> {
    const { now, shares, known, own, redisCalls, membership } = this.#options;
    const areFirst = shares.areFirst(calls.map(({ payment }) => payment));
    const wanted = calls.map(({ payment, patienceMs }, n) => ({
      name: this.#nameFor(payment),
      rank: rankOf(payment, areFirst[n]),
      patienceMs,
      spread: shares.spreadOf(payment, calls.length),
    }));
    let askedAt = now();
    let answer = await redisCalls.take(wanted, waitedMs, known.count(askedAt));
    if (answer === 'behind') {
      await membership.sync();
      askedAt = now();
      answer = membership.isAlone ? undefined : await redisCalls.take(wanted, waitedMs, 0);
    }
    if (answer === undefined || answer === 'behind') {
      membership.lose();
      // They are tried again at once: this process is alone now.
      return { taken: 0, at: now(), delayMs: 0 };
    }
    const answeredAt = now();
    const at = isLate(askedAt, answeredAt) ? askedAt : answeredAt;
    for (const { name } of wanted.slice(0, answer.taken)) known.record(name, at);
    if (membership.standing !== 'together') own.record(at, answer.taken);
    return { ...answer, at };
  }

  #takeAlone(wanted: readonly Wanted[]): Taken {
    const { now, known, own } = this.#options;
    const at = now();
    for (const { payment } of wanted) known.record(this.#nameFor(payment), at);
    own.record(at, wanted.length);
    return { taken: wanted.length, at, delayMs: 0 };
  }

  #nameFor({ how, caller }: Payment): string {
    this.#named += 1;
    return nameOfCall(this.#options.process, this.#named, how, caller);
  }
}

function rankOf(payment: Payment, isFirst = false): Rank {
  if (isSpare(payment)) return 2;
  return isFirst ? 0 : 1;
}
