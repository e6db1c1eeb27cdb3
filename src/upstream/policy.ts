// How one account's calls to one origin are made: so many at once and so many waiting, one deadline over everything,
// retries within a budget (call.ts), a breaker (breaker.ts), and in each attempt a connection, quota, request and answer
// (attempt.ts).

import { ProviderOverloaded } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import { type Circuit, createBreaker } from './breaker.ts';
import { Call, type CallRules, type MakeAttempt } from './call.ts';
import type { Cancellation } from './cancellation.ts';
import { Deadlines } from './deadlines.ts';
import { createRetryBudget } from './retry-budget.ts';

export interface PolicyOptions {
  readonly maxInFlight: number;
  readonly maxWaiting: number;
  /** From the moment a call is wanted to the moment it is given up, in milliseconds. */
  readonly totalTimeoutMs: number;
}

export interface Policy {
  /**
   * Makes an attempt, and again where that may help.
   * @throws ProviderOverloaded at once where as many calls wait as may, ProviderUnavailable at once where the breaker is
   * open, ProviderTimeout at the deadline, or what the last attempt failed with.
   */
  run<T>(attempt: MakeAttempt<T>, caller: Cancellation): Promise<T>;
  /** Whether a call would be let through without waiting for its turn. */
  hasRoom(): boolean;
  /** Whether so many calls wait that background work should leave the rest of the places to callers. */
  isCrowded(): boolean;
  circuit(): Circuit;
  /** Told whenever the circuit changes. */
  onCircuit(listener: () => void): void;
}

export function createPolicy(provider: ProviderName, options: PolicyOptions): Policy {
  const { maxInFlight, maxWaiting, totalTimeoutMs } = options;
  const breaker = createBreaker();
  let calls = 0;
  const rules: CallRules = {
    provider,
    breaker,
    budget: createRetryBudget(),
    deadlines: new Deadlines(totalTimeoutMs),
    onEnd() {
      calls -= 1;
    },
  };

  return {
    run(attempt, caller) {
      if (calls >= maxInFlight + maxWaiting) return Promise.reject(new ProviderOverloaded(provider));
      calls += 1;
      return new Promise((resolve, reject) => {
        new Call(rules, attempt, caller, resolve, reject).begin();
      });
    },
    hasRoom: () => calls < maxInFlight,
    isCrowded: () => calls >= maxInFlight + maxWaiting / 2,
    circuit: breaker.circuit,
    onCircuit: breaker.onChange,
  };
}
