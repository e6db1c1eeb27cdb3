// One call over all its attempts: it is cancelled when its caller has gone, or when its deadline has passed, and made
// again after a failure that may pass. Delays are drawn with full jitter, so that the calls that failed together do not
// come back together.

import {
  ProviderBadResponse,
  ProviderRejected,
  ProviderThrottled,
  ProviderTimeout,
  ProviderUnauthorized,
  ProviderUnavailable,
} from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Breaker, Period } from './breaker.ts';
import { type CallRecord, outcomeOf } from './call-record.ts';
import { type CancelListener, Cancellation } from './cancellation.ts';
import type { Deadline, Deadlines, Expiring } from './deadlines.ts';
import type { RetryBudget } from './retry-budget.ts';

/** Gets the end of an attempt, once, and cancels it. An object that holds its state, because a promise costs more. */
export interface Attempted<T> extends Cancellation {
  succeed(answer: T): void;
  fail(error: unknown): void;
  /** Asked before the same attempt sends its request once more: that counts among those that may be sent for a call. */
  mayRepeat(): boolean;
  /** What is left of the call's deadline, in milliseconds. */
  remainingMs(): number;
  /** What is noted of the call; undefined where nobody listens. */
  readonly record?: CallRecord | undefined;
}

/** Makes an attempt at a call, and tells the call how it ended; the first is number 0. */
export type MakeAttempt<T> = (call: Call<T>, number: number) => void;

/** What the calls to one origin share. */
export interface CallRules {
  readonly provider: ProviderName;
  readonly breaker: Breaker;
  readonly budget: RetryBudget;
  /** From the moment a call is wanted to the moment it is given up. */
  readonly deadlines: Deadlines;
  /** Told when a call is over, and whose it was. */
  readonly onEnd: (callerId: string) => void;
}

/** Most requests that are sent for one call. */
const MAX_REQUESTS = 3;
/** Longest time before the first retry; before the second it is twice that. */
const RETRY_DELAY_MS = 100;

export class Call<T> extends Cancellation implements Attempted<T>, CancelListener, Expiring {
  readonly #rules: CallRules;
  readonly #attempt: MakeAttempt<T>;
  readonly #caller: Cancellation;
  readonly #callerId: string;
  readonly #resolve: (answer: T) => void;
  readonly #reject: (reason: unknown) => void;
  readonly record: CallRecord | undefined;
  readonly #deadline: Deadline;
  #attempts = 0;
  #repeats = 0;
  #period: Period = 0;
  #isOver = false;
  #pause: NodeJS.Timeout | undefined;

  constructor(
    rules: CallRules,
    attempt: MakeAttempt<T>,
    caller: Cancellation,
    callerId: string,
    resolve: (answer: T) => void,
    reject: (reason: unknown) => void,
    record?: CallRecord,
  ) {
    super();
    this.#rules = rules;
    this.#attempt = attempt;
    this.#caller = caller;
    this.#callerId = callerId;
    this.#resolve = resolve;
    this.#reject = reject;
    this.record = record;
    this.#deadline = rules.deadlines.set(this);
    caller.add(this);
  }

  remainingMs(): number {
    return this.#deadline.dueAt - performance.now();
  }

  /** Makes the next attempt, unless it is over. */
  begin(): void {
    if (this.#isOver) return;
    const period = this.#rules.breaker.enter();
    if (period === undefined) {
      this.record?.end('circuit_open');
      this.#end(new ProviderUnavailable(this.#rules.provider));
    } else {
      this.#period = period;
      this.record?.begin();
      this.#attempt(this, this.#attempts++);
    }
  }

  mayRepeat(): boolean {
    if (!this.#hasMore()) return false;
    this.#repeats += 1;
    this.record?.endAttempt('unavailable');
    this.record?.begin();
    return true;
  }

  #hasMore(): boolean {
    return this.#attempts + this.#repeats < MAX_REQUESTS;
  }

  succeed(answer: T): void {
    if (this.#isOver) return;
    if (this.#attempts === 1) this.#rules.budget.earn();
    this.#rules.breaker.answered(this.#period);
    this.record?.end(answer === null ? 'not_found' : 'ok');
    this.#end();
    this.#resolve(answer);
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    const { breaker, budget } = this.#rules;
    const isRepeatable = mayBeRepeated(error) && this.reason === undefined;
    if (isRepeatable && this.#attempts === 1) budget.earn();
    if (isFailing(error) && this.reason === undefined) breaker.failed(this.#period);
    else if (isAnswer(error)) breaker.answered(this.#period);
    else breaker.ended(this.#period);
    const isLast = !this.#hasMore() || breaker.circuit() !== 'CLOSED';
    if (!isRepeatable || isLast || !budget.spend()) {
      this.record?.end(outcomeOf(error));
      this.#end(error);
    } else {
      this.record?.endAttempt(outcomeOf(error));
      const delayMs = Math.random() * RETRY_DELAY_MS * 2 ** (this.#attempts - 1);
      this.#pause = setTimeout(() => this.begin(), delayMs);
    }
  }

  /** Its caller has gone. */
  cancelled(reason: Error): void {
    this.cancel(reason);
  }

  /** Its deadline has passed. */
  expired(): void {
    this.cancel(new ProviderTimeout(this.#rules.provider));
  }

  override cancel(reason: Error): void {
    super.cancel(reason);
    // Between two attempts there is no attempt to tell.
    this.fail(reason);
  }

  #end(error?: unknown): void {
    this.#isOver = true;
    clearTimeout(this.#pause);
    this.#deadline.clear();
    this.#caller.remove(this);
    this.#rules.onEnd(this.#callerId);
    if (error !== undefined) this.#reject(error);
  }
}

/** The provider is failing, rather than refusing this one request. */
function isFailing(error: unknown): boolean {
  return error instanceof ProviderTimeout || error instanceof ProviderUnavailable;
}

function mayBeRepeated(error: unknown): boolean {
  return isFailing(error) || error instanceof ProviderThrottled;
}

/** It answered, though not what was asked for. */
function isAnswer(error: unknown): boolean {
  return (
    error instanceof ProviderBadResponse || error instanceof ProviderRejected || error instanceof ProviderUnauthorized
  );
}
