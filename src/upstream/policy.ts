// How one account's calls are made, from the outside in: so many at once and so many waiting, one deadline over
// everything, retries with full jitter and a budget, a breaker, and one attempt: a connection, quota, request, answer.
// cockatiel has the mechanics of retry and breaker; here is what counts as what.

import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  fullJitterGenerator,
  handleWhen,
  noJitterGenerator,
  retry,
} from 'cockatiel';
import type { ProviderName } from '../invitation/invitation.ts';
import {
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderThrottled,
  ProviderTimeout,
  ProviderUnavailable,
} from '../invitation/problem.ts';
import { CallerGone, Cancellation } from './cancellation.ts';
import { createFailureRate } from './failure-rate.ts';
import { createRetryBudget } from './retry-budget.ts';

export interface PolicyOptions {
  readonly maxInFlight: number;
  readonly maxWaiting: number;
  /** From the moment a call is wanted to the moment it is given up, in milliseconds. */
  readonly totalTimeoutMs: number;
}

export interface Policy {
  /**
   * Runs an attempt when its turn comes, and again where that may help. Its cancellation is the caller's, or comes when
   * the deadline has passed.
   * @throws ProviderOverloaded at once where as many calls wait as may, ProviderUnavailable at once where the breaker is
   * open, ProviderTimeout at the deadline, or what the last attempt threw.
   */
  run<T>(attempt: (turn: Turn) => Promise<T>, caller: Cancellation): Promise<T>;
  /** Whether a call would be let through without waiting for its turn. */
  hasRoom(): boolean;
  /** Whether so many wait that whoever could do without should leave the rest of the places to others. */
  isCrowded(): boolean;
  circuit(): 'CLOSED' | 'OPEN' | 'HALF_OPEN';
  /** Told whenever the breaker changes. */
  onCircuit(listener: () => void): void;
}

/** What an attempt is given. */
export class Turn {
  readonly cancellation: Cancellation;
  /** 0 for the first attempt. */
  readonly number: number;
  readonly #deadline: number;

  constructor(cancellation: Cancellation, number: number, deadline: number) {
    this.cancellation = cancellation;
    this.number = number;
    this.#deadline = deadline;
  }

  /** What is left of the call's deadline, in milliseconds. */
  remainingMs(): number {
    return this.#deadline - performance.now();
  }

  next(): Turn {
    return new Turn(this.cancellation, this.number + 1, this.#deadline);
  }
}

const MAX_RETRIES = 2;
const RETRY_DELAY = { initialDelay: 100, maxDelay: 2_000, generator: fullJitterGenerator };

// A probe after five seconds, then every ten: waiting longer would keep callers from a provider that has recovered.
const PROBE_DELAY = { initialDelay: 5_000, maxDelay: 10_000, generator: noJitterGenerator };

export function createPolicy(provider: ProviderName, options: PolicyOptions): Policy {
  const { maxInFlight, maxWaiting, totalTimeoutMs } = options;
  let calls = 0;
  const budget = createRetryBudget();
  const retries = retry(
    handleWhen((error) => mayBeRepeated(error) && budget.spend()),
    { maxAttempts: MAX_RETRIES, backoff: new ExponentialBackoff(RETRY_DELAY) },
  );
  const failures = createFailureRate();
  const breaker = circuitBreaker(
    // A probe that tells nothing of the provider must not close the breaker, which cockatiel would do.
    handleWhen((error) => isFailing(error) || (breaker.state === CircuitState.HalfOpen && tellsNothing(error))),
    { halfOpenAfter: new ExponentialBackoff(PROBE_DELAY), breaker: failures },
  );

  /** Makes the attempts of one call; the outcome of the first is given where it was made already. */
  function insist<T>(attempt: (turn: Turn) => Promise<T>, first: Turn, made?: Promise<T>): Promise<T> {
    let turn = first;
    return retries.execute(({ attempt: number }) => {
      if (turn.cancellation.reason !== undefined) throw turn.cancellation.reason;
      // cockatiel lets everybody else wait for the probe's outcome: they are told at once instead.
      if (breaker.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
      if (number > 0) turn = turn.next();
      return breaker.execute(() => (number === 0 && made !== undefined ? made : attempt(turn)));
    });
  }

  function makeCall<T>(attempt: (turn: Turn) => Promise<T>, turn: Turn): Promise<T> {
    if (breaker.state !== CircuitState.Closed) return insist(attempt, turn);
    // Nearly every call ends here: cockatiel, which costs more than the rest of this file, sees only what failed.
    const first = attempt(turn);
    return first.then(
      (answer) => {
        budget.earn();
        failures.success(CircuitState.Closed);
        return answer;
      },
      (error: unknown) => {
        // Where the breaker has opened meanwhile, it must not take this old failure for that of its probe.
        const isOver = turn.cancellation.reason !== undefined || breaker.state !== CircuitState.Closed;
        if (isOver || !mayBeRepeated(error)) throw error;
        budget.earn();
        return insist(attempt, turn, first);
      },
    );
  }

  return {
    run: (attempt, caller) =>
      new Promise((resolve, reject) => {
        if (calls >= maxInFlight + maxWaiting) return reject(new ProviderOverloaded(provider));
        const cancellation = new Cancellation();
        // Whoever waits is answered at once, also where an attempt does not hear of it.
        const giveUp = (reason: Error) => {
          reject(reason);
          end();
          cancellation.cancel(reason);
        };
        const end = () => {
          if (cancellation.reason !== undefined) return;
          clearTimeout(deadline);
          caller.remove(giveUp);
          calls -= 1;
        };
        const deadline = setTimeout(() => giveUp(new ProviderTimeout(provider)), totalTimeoutMs);
        caller.add(giveUp);
        calls += 1;
        makeCall(attempt, new Turn(cancellation, 0, performance.now() + totalTimeoutMs)).then(
          (answer) => {
            end();
            resolve(answer);
          },
          (error: unknown) => {
            end();
            reject(problemOf(error, provider));
          },
        );
      }),
    hasRoom: () => calls < maxInFlight,
    isCrowded: () => calls >= maxInFlight + maxWaiting / 2,
    circuit: () =>
      breaker.state === CircuitState.Closed ? 'CLOSED' : breaker.state === CircuitState.HalfOpen ? 'HALF_OPEN' : 'OPEN',
    onCircuit: (listener) => void breaker.onStateChange(listener),
  };
}

/** The provider is failing, rather than refusing this one request. */
function isFailing(error: unknown): boolean {
  return error instanceof ProviderTimeout || error instanceof ProviderUnavailable;
}

function mayBeRepeated(error: unknown): boolean {
  return isFailing(error) || error instanceof ProviderThrottled;
}

function tellsNothing(error: unknown): boolean {
  return error instanceof CallerGone || error instanceof ProviderRateLimited;
}

function problemOf(error: unknown, provider: ProviderName): unknown {
  if (error instanceof BrokenCircuitError) return new ProviderUnavailable(provider);
  return error;
}
