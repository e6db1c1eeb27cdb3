// What is noted of one upstream call while it is made, for whoever listens: when, how it ended, what it waited for, and its
// attempts. It has nothing of what was asked or answered. Where nobody listens none is made.

import {
  ProviderBadResponse,
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderRejected,
  ProviderThrottled,
  ProviderTimeout,
  ProviderUnauthorized,
  ProviderUnavailable,
} from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import { CallerGone } from './cancellation.ts';
import type { Payment } from './payment.ts';
import type { UpstreamRequest } from './request.ts';

/**
 * - `ok`, `not_found`: it was answered.
 * - `rejected`, `unauthorized`, `throttled` (429), `unavailable` (5xx, the network), `bad_response`, `timeout`: see the
 *   problems of these names.
 * - `no_quota`, `overloaded`, `circuit_open`: the gateway did not make it.
 * - `cancelled`: no caller waits for it any more.
 * - `failed`: by a fault of the gateway.
 */
export const CALL_OUTCOMES = [
  'ok',
  'not_found',
  'rejected',
  'unauthorized',
  'throttled',
  'unavailable',
  'bad_response',
  'timeout',
  'no_quota',
  'overloaded',
  'circuit_open',
  'cancelled',
  'failed',
] as const;

export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** Told of each call when it is over. */
export type CallListener = (call: CallRecord) => void;

/** One request of a call, or why none was sent. All times are those of the clock that never goes back, in milliseconds. */
export interface AttemptRecord {
  readonly startedAt: number;
  /** When its request was written; NaN where it was not. */
  readonly sentAt: number;
  readonly endedAt: number;
  readonly outcome: CallOutcome;
  /** 0 where there was no answer. */
  readonly status: number;
}

export class CallRecord {
  readonly provider: ProviderName;
  /** The path of its request without what names an invitation. */
  readonly template: string;
  /** For whom it was made. It names the caller: it goes into no log and no metric as it is. */
  readonly payment: Payment;
  readonly startedAt = performance.now();
  endedAt = Number.NaN;
  outcome: CallOutcome = 'failed';
  readonly attempts: AttemptRecord[] = [];
  /** Over all attempts. */
  quotaWaitMs = 0;
  connectionWaitMs = 0;
  readonly #listener: CallListener;
  #attempt: { -readonly [Key in keyof AttemptRecord]: AttemptRecord[Key] } | undefined;
  #waitsFor: 'quota' | 'connection' | undefined;
  #waitsFrom = 0;

  constructor(
    { provider, template }: Pick<UpstreamRequest, 'provider' | 'template'>,
    payment: Payment,
    listener: CallListener,
  ) {
    this.provider = provider;
    this.template = template;
    this.payment = payment;
    this.#listener = listener;
  }

  begin(): void {
    const startedAt = performance.now();
    this.#attempt = { startedAt, sentAt: Number.NaN, endedAt: Number.NaN, outcome: 'failed', status: 0 };
    this.attempts.push(this.#attempt);
  }

  /** It waits for this, and for nothing else any more. */
  wait(what: 'quota' | 'connection'): void {
    this.goOn();
    this.#waitsFor = what;
    this.#waitsFrom = performance.now();
  }

  /** What it waited for is there, or not to be had. */
  goOn(): void {
    if (this.#waitsFor === undefined) return;
    const waitedMs = performance.now() - this.#waitsFrom;
    if (this.#waitsFor === 'quota') this.quotaWaitMs += waitedMs;
    else this.connectionWaitMs += waitedMs;
    this.#waitsFor = undefined;
  }

  sent(): void {
    if (this.#attempt !== undefined) this.#attempt.sentAt = performance.now();
  }

  answered(status: number): void {
    if (this.#attempt !== undefined) this.#attempt.status = status;
  }

  /** The attempt has ended, and another one may follow. */
  endAttempt(outcome: CallOutcome): void {
    this.goOn();
    if (this.#attempt === undefined) return;
    this.#attempt.endedAt = performance.now();
    this.#attempt.outcome = outcome;
    this.#attempt = undefined;
  }

  end(outcome: CallOutcome): void {
    this.endAttempt(outcome);
    this.endedAt = performance.now();
    // What could not be made again ends as it did before.
    const isMade = outcome !== 'no_quota' && outcome !== 'circuit_open';
    this.outcome = isMade ? outcome : (this.attempts.findLast(isSent)?.outcome ?? outcome);
    this.#listener(this);
  }
}

function isSent({ sentAt }: AttemptRecord): boolean {
  return !Number.isNaN(sentAt);
}

/** How a call has ended that failed with this. */
export function outcomeOf(error: unknown): CallOutcome {
  if (error instanceof CallerGone) return 'cancelled';
  for (const [problem, outcome] of OUTCOMES) if (error instanceof problem) return outcome;
  return 'failed';
}

const OUTCOMES: readonly (readonly [abstract new (...args: never[]) => Error, CallOutcome])[] = [
  [ProviderTimeout, 'timeout'],
  [ProviderUnavailable, 'unavailable'],
  // It is a ProviderRateLimited, too.
  [ProviderThrottled, 'throttled'],
  [ProviderRateLimited, 'no_quota'],
  [ProviderRejected, 'rejected'],
  [ProviderUnauthorized, 'unauthorized'],
  [ProviderBadResponse, 'bad_response'],
  [ProviderOverloaded, 'overloaded'],
];
