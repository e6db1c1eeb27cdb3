// Attempts and what they tell their call, as promises.

import type { Attempted, Call, MakeAttempt } from '../../src/upstream/call.ts';
import { type CancelListener, Cancellation } from '../../src/upstream/cancellation.ts';
import { createPolicy, type Policy, type PolicyOptions } from '../../src/upstream/policy.ts';

class OneAttempt<T> extends Cancellation implements Attempted<T>, CancelListener {
  readonly #settled = Promise.withResolvers<T>();

  get outcome(): Promise<T> {
    return this.#settled.promise;
  }

  succeed(answer: T): void {
    this.#settled.resolve(answer);
  }

  fail(error: unknown): void {
    this.#settled.reject(error);
  }

  cancelled(reason: Error): void {
    this.cancel(reason);
  }

  mayRepeat(): boolean {
    return true;
  }

  remainingMs(): number {
    return Number.POSITIVE_INFINITY;
  }
}

/** What a single attempt ends with, without the call that would make another one. */
export function attempted<T>(attempt: (call: Attempted<T>) => void, caller: Cancellation): Promise<T> {
  const call = new OneAttempt<T>();
  caller.add(call);
  attempt(call);
  return call.outcome;
}

export type AsyncAttempt<T> = (call: Call<T>, number: number) => Promise<T>;

/** A policy whose attempts promise what they end with. */
export type AsyncPolicy = Omit<Policy, 'run'> & {
  run<T>(attempt: AsyncAttempt<T>, caller: Cancellation, callerId?: string): Promise<T>;
};

export function createAsyncPolicy(options: PolicyOptions): AsyncPolicy {
  const policy = createPolicy('PARTOO', options);
  function tells<T>(attempt: AsyncAttempt<T>): MakeAttempt<T> {
    return (call, number) =>
      void attempt(call, number).then(
        (answer) => call.succeed(answer),
        (error: unknown) => call.fail(error),
      );
  }
  return { ...policy, run: (attempt, caller, callerId) => policy.run(tells(attempt), caller, callerId) };
}
