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
  ProviderBadResponse,
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderThrottled,
  ProviderTimeout,
  ProviderUnavailable,
} from '../invitation/problem.ts';
import { CallerGone, type CancelListener, Cancellation } from './cancellation.ts';
import { createFailureRate } from './failure-rate.ts';
import { createRetryBudget } from './retry-budget.ts';

export interface PolicyOptions {
  readonly maxInFlight: number;
  readonly maxWaiting: number;
  /** From the moment a call is wanted to the moment it is given up, in milliseconds. */
  readonly totalTimeoutMs: number;
}

/** Makes an attempt at a call; the first is number 0. It rejects as soon as the call is cancelled, and never throws. */
type MakeAttempt<T> = (call: Call, number: number) => Promise<T>;

export interface Policy {
  /**
   * Runs an attempt, and again where that may help.
   * @throws ProviderOverloaded at once where as many calls wait as may, ProviderUnavailable at once where the breaker is
   * open, ProviderTimeout at the deadline, or what the last attempt threw.
   */
  run<T>(attempt: MakeAttempt<T>, caller: Cancellation): Promise<T>;
  /** Whether a call would be let through without waiting for its turn. */
  hasRoom(): boolean;
  /** Whether so many wait that whoever could do without should leave the rest of the places to others. */
  isCrowded(): boolean;
  circuit(): 'CLOSED' | 'OPEN' | 'HALF_OPEN';
  /** Told whenever the breaker changes. */
  onCircuit(listener: () => void): void;
}

/** A call over all its attempts: cancelled when its caller has gone, or when its deadline has passed. */
export class Call extends Cancellation implements CancelListener {
  readonly #caller: Cancellation;
  readonly #deadline: number;
  readonly #timer: NodeJS.Timeout;

  constructor(provider: ProviderName, totalTimeoutMs: number, caller: Cancellation) {
    super();
    this.#caller = caller;
    this.#deadline = performance.now() + totalTimeoutMs;
    this.#timer = setTimeout(() => this.cancel(new ProviderTimeout(provider)), totalTimeoutMs);
    caller.add(this);
  }

  /** Its caller has gone. */
  cancelled(reason: Error): void {
    this.cancel(reason);
  }

  /** What is left of its deadline, in milliseconds. */
  remainingMs(): number {
    return this.#deadline - performance.now();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#caller.remove(this);
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

  function end(call: Call): void {
    call.end();
    calls -= 1;
  }

  /** Makes the attempts of one call; the outcome of the first is given where it was made already. */
  async function insist<T>(attempt: MakeAttempt<T>, call: Call, made?: Promise<T>): Promise<T> {
    const attempts = retries.execute(({ attempt: number }) => {
      if (call.reason !== undefined) throw call.reason;
      // cockatiel lets everybody else wait for the probe's outcome: they are told at once instead.
      if (breaker.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
      return breaker.execute(() => (number === 0 && made !== undefined ? made : attempt(call, number)));
    });
    try {
      // Whoever waits between two attempts is let go at once too.
      return await Promise.race([attempts, new Promise<never>((_, reject) => call.add({ cancelled: reject }))]);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? new ProviderUnavailable(provider) : error;
    } finally {
      end(call);
    }
  }

  return {
    run(attempt, caller) {
      if (calls >= maxInFlight + maxWaiting) return Promise.reject(new ProviderOverloaded(provider));
      const call = new Call(provider, totalTimeoutMs, caller);
      calls += 1;
      if (breaker.state !== CircuitState.Closed) return insist(attempt, call);
      // Nearly every call ends here: cockatiel, which costs more than the rest of this file, sees only what failed.
      const first = attempt(call, 0);
      return first.then(
        (answer) => {
          end(call);
          budget.earn();
          failures.success(CircuitState.Closed);
          return answer;
        },
        (error: unknown) => {
          // Where the breaker has opened meanwhile, it must not take this old failure for that of its probe.
          const isOver = call.reason !== undefined || breaker.state !== CircuitState.Closed;
          if (isOver || !mayBeRepeated(error)) {
            // It answered, though nobody can make sense of it.
            if (error instanceof ProviderBadResponse) failures.success(CircuitState.Closed);
            end(call);
            throw error;
          }
          budget.earn();
          return insist(attempt, call, first);
        },
      );
    },
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
