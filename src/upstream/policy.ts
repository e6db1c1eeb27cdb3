// How calls to one account are let through: so many at once, so many waiting, and one deadline over wait and call.

import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import type { ProviderName } from '../invitation/invitation.ts';
import { ProviderOverloaded, ProviderTimeout } from '../invitation/problem.ts';

export interface PolicyOptions {
  readonly maxInFlight: number;
  readonly maxWaiting: number;
  /** From the moment a call is wanted to the moment it is given up, in milliseconds. */
  readonly totalTimeoutMs: number;
}

export interface Policy {
  /**
   * Runs a call when its turn comes; its signal aborts when the caller's does or the deadline has passed.
   * @throws ProviderOverloaded at once where the queue is full, ProviderTimeout at the deadline.
   */
  run<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
}

export function createPolicy(provider: ProviderName, options: PolicyOptions): Policy {
  const queue = bulkhead(options.maxInFlight, options.maxWaiting);

  return {
    run: (call, signal) =>
      new Promise((resolve, reject) => {
        const abort = new AbortController();
        const giveUp = (reason: unknown) => {
          reject(reason);
          abort.abort(reason);
        };
        const onCallerGone = () => giveUp(signal?.reason);
        const deadline = setTimeout(() => giveUp(new ProviderTimeout(provider)), options.totalTimeoutMs);
        if (signal?.aborted) onCallerGone();
        signal?.addEventListener('abort', onCallerGone);
        queue
          .execute(() => call(abort.signal), abort.signal)
          .then(resolve, (error: unknown) =>
            reject(error instanceof BulkheadRejectedError ? new ProviderOverloaded(provider) : error),
          )
          .finally(() => {
            clearTimeout(deadline);
            signal?.removeEventListener('abort', onCallerGone);
          });
      }),
  };
}
