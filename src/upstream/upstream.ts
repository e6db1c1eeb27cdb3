// One account's way to its provider: quota, policy, request and answer put together. A provider's client describes a
// call; what comes back is JSON, "not found", or a problem.

import type { ProviderName } from '../invitation/invitation.ts';
import { ProviderThrottled } from '../invitation/problem.ts';
import { type Answer, readAnswer } from './answer.ts';
import type { Cancellation } from './cancellation.ts';
import { createPolicy, type Policy, type PolicyOptions } from './policy.ts';
import type { Quota } from './quota.ts';
import type { Transport, UpstreamRequest } from './request.ts';

export interface Upstream {
  /**
   * Makes a call, with all that stands between us and a provider.
   * @param payment Who has taken its quota: `taken` where whoever wants it has, `due` where it is still to be taken.
   * @throws Problem for everything but a 2xx with JSON, and a 404.
   */
  call(request: UpstreamRequest, cancellation: Cancellation, payment: Payment): Promise<Answer>;
  readonly quota: Quota;
  readonly policy: Pick<Policy, 'hasRoom' | 'circuit' | 'onCircuit'>;
}

export type Payment = 'taken' | 'due';

export interface UpstreamOptions extends PolicyOptions {
  readonly quota: Quota;
}

/** For how long a 429 that does not say closes the gate, in seconds. */
const DEFAULT_RETRY_AFTER_SECONDS = 10;

export function createUpstream(provider: ProviderName, transport: Transport, options: UpstreamOptions): Upstream {
  const { quota } = options;
  const policy = createPolicy(provider, options);

  return {
    call: (request, caller, payment) =>
      policy.run(async ({ cancellation, number, remainingMs }) => {
        if (payment === 'due' || number > 0) await quota.take(remainingMs(), cancellation);
        try {
          return readAnswer(await transport.get(request, cancellation), provider);
        } catch (error) {
          if (error instanceof ProviderThrottled) {
            quota.close((error.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS) * 1_000);
          }
          throw error;
        }
      }, caller),
    quota,
    policy,
  };
}
