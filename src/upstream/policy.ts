// How one account's calls are made, from the outside in: a queue (so many at once, so many waiting), one deadline over
// everything, retries with full jitter and a budget, a breaker, and one attempt: quota, request, answer. cockatiel has
// the mechanics of retry and breaker; here is what counts as what.

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
import { createQueue, QueueFull } from './queue.ts';
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
   * @throws ProviderOverloaded at once where the queue is full, ProviderUnavailable at once where the breaker is open,
   * ProviderTimeout at the deadline, or what the last attempt threw.
   */
  run<T>(attempt: (turn: Turn) => Promise<T>, caller: Cancellation): Promise<T>;
  /** Whether a call would be let through without waiting for its turn. */
  hasRoom(): boolean;
  circuit(): 'CLOSED' | 'OPEN' | 'HALF_OPEN';
  /** Told whenever the breaker changes. */
  onCircuit(listener: () => void): void;
}

/** What an attempt is given. */
export interface Turn {
  readonly cancellation: Cancellation;
  /** 0 for the first attempt. */
  readonly number: number;
  /** What is left of the deadline, in milliseconds. */
  remainingMs(): number;
}

const MAX_RETRIES = 2;
const RETRY_DELAY = { initialDelay: 100, maxDelay: 2_000, generator: fullJitterGenerator };

// A probe after five seconds, then every ten: waiting longer would keep callers from a provider that has recovered.
const PROBE_DELAY = { initialDelay: 5_000, maxDelay: 10_000, generator: noJitterGenerator };

export function createPolicy(provider: ProviderName, options: PolicyOptions): Policy {
  const queue = createQueue(options.maxInFlight, options.maxWaiting);
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

  /** Makes the attempts of one call; `first` was made already, if it is given. */
  function insist<T>(attempt: (turn: Turn) => Promise<T>, turn: Omit<Turn, 'number'>, first?: Promise<T>): Promise<T> {
    return retries.execute(({ attempt: number }) => {
      if (turn.cancellation.reason !== undefined) throw turn.cancellation.reason;
      // cockatiel lets everybody else wait for the probe's outcome: they are told at once instead.
      if (breaker.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
      return breaker.execute(() => (number === 0 && first !== undefined ? first : attempt({ ...turn, number })));
    });
  }

  async function makeCall<T>(attempt: (turn: Turn) => Promise<T>, turn: Omit<Turn, 'number'>): Promise<T> {
    await queue.enter(turn.cancellation);
    try {
      budget.earn();
      if (breaker.state !== CircuitState.Closed) return await insist(attempt, turn);
      // Nearly every call ends here: cockatiel, which costs more than the rest of us, sees what failed only.
      const first = attempt({ ...turn, number: 0 });
      try {
        const answer = await first;
        failures.success(CircuitState.Closed);
        return answer;
      } catch (error) {
        // Where the breaker has opened meanwhile, it must not take this old failure for that of its probe.
        if (!mayBeRepeated(error) || breaker.state !== CircuitState.Closed) throw error;
        return await insist(attempt, turn, first);
      }
    } finally {
      queue.leave();
    }
  }

  return {
    run: (attempt, caller) =>
      new Promise((resolve, reject) => {
        const cancellation = new Cancellation();
        // Whoever waits is answered at once, also where the call still waits for its turn.
        const giveUp = (reason: Error) => {
          reject(reason);
          cancellation.cancel(reason);
        };
        const startedAt = performance.now();
        const remainingMs = () => options.totalTimeoutMs - (performance.now() - startedAt);
        const deadline = setTimeout(() => giveUp(new ProviderTimeout(provider)), options.totalTimeoutMs);
        caller.add(giveUp);
        const end = () => {
          clearTimeout(deadline);
          caller.remove(giveUp);
        };
        makeCall(attempt, { cancellation, remainingMs }).then(
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
    hasRoom: queue.hasRoom,
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
  if (error instanceof QueueFull) return new ProviderOverloaded(provider);
  if (error instanceof BrokenCircuitError) return new ProviderUnavailable(provider);
  return error;
}
