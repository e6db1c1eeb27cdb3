// What an attempt is told: its request, its call, who pays for it, and what it shares with others.

import type { Attempted } from './call.ts';
import type { Connections } from './connections.ts';
import type { Deadlines } from './deadlines.ts';
import type { Payment } from './payment.ts';
import type { UpstreamAnswer, UpstreamRequest } from './request.ts';
import type { Troubles } from './troubles.ts';

/** How a call is paid for, when its connection is there. */
export interface Payer {
  /**
   * Pays if that needs no waiting.
   * @param unusedAt When it was paid for before, where nothing was sent: that payment counts from now on.
   * @returns when it was paid for.
   */
  payNow(payment: Payment, unusedAt?: number): number | undefined;
  /** Pays when its turn comes. @throws Problem where that is too late; the call's reason where it is cancelled. */
  pay(payment: Payment, call: Attempted<unknown>, unusedAt?: number): Promise<number>;
}

/** What the attempts over the connections of one origin share. */
export interface AttemptRules {
  readonly connections: Connections;
  readonly troubles: Troubles;
  /** For the answer's headers, once the request is sent. */
  readonly headersDeadlines: Deadlines;
  /** For the rest of the answer, from then on. */
  readonly bodyDeadlines: Deadlines;
}

/** One GET, and what is made of its answer. */
export interface AttemptPlan<R extends UpstreamRequest, T> {
  readonly request: R;
  readonly read: (answer: UpstreamAnswer, request: R) => T;
  /** Told how the attempt ended, and cancels it. */
  readonly call: Attempted<T>;
  /** Undefined where nothing counts the call. */
  readonly payer?: Payer | undefined;
  readonly payment?: Payment | undefined;
  /** When it was paid for, if it was; on the clock that never goes back. */
  readonly paidAt?: number | undefined;
}
