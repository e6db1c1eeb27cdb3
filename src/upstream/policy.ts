// How calls to one account are let through: so many at once, so many waiting, and one deadline over wait and call.

import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import type { ProviderName } from '../invitation/invitation.ts';
import { ProviderOverloaded, ProviderTimeout } from '../invitation/problem.ts';
import { Cancellation } from './cancellation.ts';

export interface PolicyOptions {
  readonly maxInFlight: number;
  readonly maxWaiting: number;
  /** From the moment a call is wanted to the moment it is given up, in milliseconds. */
  readonly totalTimeoutMs: number;
}

export interface Policy {
  /**
   * Runs a call when its turn comes; its cancellation is the caller's, or comes when the deadline has passed.
   * @throws ProviderOverloaded at once where the queue is full, ProviderTimeout at the deadline.
   */
  run<T>(call: (cancellation: Cancellation) => Promise<T>, caller: Cancellation): Promise<T>;
}

export function createPolicy(provider: ProviderName, options: PolicyOptions): Policy {
  const queue = bulkhead(options.maxInFlight, options.maxWaiting);

  return {
    run: (call, caller) =>
      new Promise((resolve, reject) => {
        const cancellation = new Cancellation();
        // Whoever waits is answered at once, also where the call still waits for its turn.
        const giveUp = (reason: Error) => {
          reject(reason);
          cancellation.cancel(reason);
        };
        const deadline = setTimeout(() => giveUp(new ProviderTimeout(provider)), options.totalTimeoutMs);
        caller.add(giveUp);
        const settled = () => {
          clearTimeout(deadline);
          caller.remove(giveUp);
        };
        queue
          .execute(() => (cancellation.reason === undefined ? call(cancellation) : Promise.reject(cancellation.reason)))
          .then(
            (value) => {
              settled();
              resolve(value);
            },
            (error: unknown) => {
              settled();
              reject(error instanceof BulkheadRejectedError ? new ProviderOverloaded(provider) : error);
            },
          );
      }),
  };
}
