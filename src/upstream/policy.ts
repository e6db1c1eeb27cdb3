// How one account's calls to one origin are made: so many at once and so many waiting, of which a caller with many leaves
// places to callers with few; one deadline over everything,
// retries within a budget (call.ts), a breaker (breaker.ts), and in each attempt a connection, quota, request and answer
// (attempt.ts).

import { ProviderOverloaded } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import { type Circuit, createBreaker } from './breaker.ts';
import { Call, type CallRules, type MakeAttempt } from './call.ts';
import type { CallRecord } from './call-record.ts';
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
   * @param callerId Names the caller among those whose calls wait; empty for work that no caller waits for.
   * @param record Told how it goes.
   * @throws ProviderOverloaded at once where as many calls wait as may, ProviderUnavailable at once where the breaker is
   * open, ProviderTimeout at the deadline, or what the last attempt failed with.
   */
  run<T>(attempt: MakeAttempt<T>, caller: Cancellation, callerId?: string, record?: CallRecord): Promise<T>;
  /** Whether a call would be let through without waiting for its turn. */
  hasRoom(): boolean;
  /** Whether so many calls wait that background work should leave the rest of the places to callers. */
  isCrowded(): boolean;
  circuit(): Circuit;
  /** Told whenever the circuit changes. */
  onCircuit(listener: () => void): void;
}

/** Places beyond those for all, and with how many calls a caller may have them: parts of all. Else one caller takes every place. */
const KEPT_SHARE = 0.5;
const FEW_SHARE = 0.05;

export function createPolicy(provider: ProviderName, options: PolicyOptions): Policy {
  const { maxInFlight, maxWaiting, totalTimeoutMs } = options;
  const breaker = createBreaker();
  const places = maxInFlight + maxWaiting;
  let calls = 0;
  /** Calls of each caller that has any. */
  const byCaller = new Map<string, number>();
  const rules: CallRules = {
    provider,
    breaker,
    budget: createRetryBudget(),
    deadlines: new Deadlines(totalTimeoutMs),
    onEnd(callerId) {
      calls -= 1;
      if (callerId === '') return;
      const left = (byCaller.get(callerId) ?? 0) - 1;
      if (left > 0) byCaller.set(callerId, left);
      else byCaller.delete(callerId);
    },
  };

  function hasPlace(callerId: string, own: number): boolean {
    if (calls < places) return true;
    return callerId !== '' && own < places * FEW_SHARE && calls < places * (1 + KEPT_SHARE);
  }

  return {
    run(attempt, caller, callerId = '', record) {
      const own = byCaller.get(callerId) ?? 0;
      if (!hasPlace(callerId, own)) {
        record?.end('overloaded');
        return Promise.reject(new ProviderOverloaded(provider));
      }
      calls += 1;
      if (callerId !== '') byCaller.set(callerId, own + 1);
      return new Promise((resolve, reject) => {
        new Call(rules, attempt, caller, callerId, resolve, reject, record).begin();
      });
    },
    hasRoom: () => calls < maxInFlight,
    isCrowded: () => calls >= maxInFlight + maxWaiting / 2,
    circuit: breaker.circuit,
    onCircuit: breaker.onChange,
  };
}
