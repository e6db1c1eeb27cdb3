// One account's way to its provider: quota, policy, request and answer put together. A provider's client describes a
// call and how its answer is decoded; what comes back is the decoded answer, null where there is no such thing, or a problem.

import { SpareQuotaUsedUp } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import { type AnswerDecoder, readAnswer, retryAfterSeconds } from './answer.ts';
import type { Call } from './call.ts';
import type { Cancellation } from './cancellation.ts';
import { createPolicy, type Policy, type PolicyOptions } from './policy.ts';
import { createQuota, type Quota, type QuotaWindow, usableOf } from './quota.ts';
import type { UpstreamAnswer, UpstreamRequest } from './request.ts';
import type { Transport } from './transport.ts';

export interface Upstream {
  /**
   * Makes a call, with all that stands between us and a provider.
   * @param payment How its quota is taken.
   * @returns null for a 404.
   * @throws Problem for everything else but a 2xx with JSON that can be decoded.
   */
  call<T>(request: ReadRequest<T>, cancellation: Cancellation, payment: Payment): Promise<T | null>;
  readonly quota: Quota;
  readonly policy: Pick<Policy, 'hasRoom' | 'isCrowded' | 'circuit' | 'onCircuit'>;
}

/** A request, and what is made of its answer. */
export type ReadRequest<T> = UpstreamRequest & AnswerDecoder<T>;

/**
 * How a call's quota is taken.
 * - `prepaid`: it was taken before, for a call that is made at once (a background read).
 * - `caller`: by a caller that waits for it.
 * - `insistent`: by a caller that insists on a newer answer than is known; such callers get a share of what callers get.
 * - `spare`: by a caller that has an old answer; it gets what background work may have, and does not wait.
 */
export type Payment = 'prepaid' | 'caller' | 'insistent' | 'spare';

/** What may wait for its quota, for as long as it has. */
type WaitingCall = Cancellation & Pick<Call<unknown>, 'remainingMs'>;

export interface UpstreamOptions extends PolicyOptions {
  readonly quota: Quota;
  /** What that quota keeps to. */
  readonly windows: readonly QuotaWindow[];
}

/**
 * Callers that insist on newer answers get at most this share of the longest window together, or no other invitation
 * would be read again. Shorter windows are soon over, and are waited for as by everybody.
 */
const INSISTENT_SHARE = 0.5;

/** What an answer may take once its call is made, in milliseconds: quota that comes later than that is no use. */
const ANSWER_MS = 500;

/** For how long a 429 that does not say closes the gate, in seconds. */
const DEFAULT_RETRY_AFTER_SECONDS = 10;

export function createUpstream(provider: ProviderName, transport: Transport, options: UpstreamOptions): Upstream {
  const { quota, windows } = options;
  const policy = createPolicy(provider, options);
  const { limit, windowMs } = windows.reduce((a, b) => (b.windowMs > a.windowMs ? b : a));
  const insistent = createQuota(provider, [{ limit: usableOf(limit, INSISTENT_SHARE), windowMs }]);

  async function takeSpare(): Promise<void> {
    if ((await quota.takeInBackground()) > 0) throw new SpareQuotaUsedUp(provider);
  }

  /**
   * Takes the call's quota in the moment that the call is made, or the provider would count it later than we do.
   * @returns undefined where that needs no waiting.
   */
  function pay(how: Payment, call: WaitingCall): Promise<void> | undefined {
    if (how === 'prepaid') return undefined;
    if (how === 'spare') return takeSpare();
    return quota.takeNow() ? undefined : quota.take(patienceMs(call), call);
  }

  function read<T>(answer: UpstreamAnswer, request: ReadRequest<T>): T | null {
    if (answer.status === 429) {
      const seconds = retryAfterSeconds(answer.headers['retry-after']) ?? DEFAULT_RETRY_AFTER_SECONDS;
      quota.close(seconds * 1_000);
    }
    return readAnswer(answer, request);
  }

  return {
    call: (request, caller, payment) =>
      policy.run((call, attempt) => {
        // A call that is made again is a caller's by now.
        const how = attempt > 0 ? 'caller' : payment;
        const send = () => transport.get({ request, read, call, admit: () => pay(how, call) });
        if (how === 'prepaid' || how === 'spare') return send();
        // A caller that cannot be served is refused before it waits for a connection.
        const refusal = quota.refusal(transport.waiting(), patienceMs(call));
        if (refusal !== undefined) return call.fail(refusal);
        if (how === 'caller' || insistent.takeNow()) return send();
        insistent.take(patienceMs(call), call).then(send, (reason: unknown) => call.fail(reason));
      }, caller),
    quota,
    policy,
  };
}

function patienceMs(call: WaitingCall): number {
  return Math.max(0, call.remainingMs() - ANSWER_MS);
}
