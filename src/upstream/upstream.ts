// One account's way to its provider: quota, policy, request and answer put together. A provider's client describes a
// call and how its answer is decoded; what comes back is the decoded answer, null where there is no such thing, or a problem.

import { SpareQuotaUsedUp } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import { type AnswerDecoder, readAnswer, retryAfterSeconds } from './answer.ts';
import type { Call } from './call.ts';
import type { Cancellation } from './cancellation.ts';
import { createPolicy, type Policy, type PolicyOptions } from './policy.ts';
import { BACKGROUND, type Quota } from './quota.ts';
import type { UpstreamAnswer, UpstreamRequest } from './request.ts';
import type { Payment } from './shares.ts';
import type { Transport } from './transport.ts';

export interface Upstream {
  /**
   * Makes a call, with all that stands between us and a provider.
   * @param payment How its quota is taken, and for whom.
   * @returns null for a 404.
   * @throws Problem for everything else but a 2xx with JSON that can be decoded.
   */
  call<T>(request: ReadRequest<T>, cancellation: Cancellation, payment: Payment | Prepaid): Promise<T | null>;
  readonly quota: Quota;
  readonly policy: Pick<Policy, 'hasRoom' | 'isCrowded' | 'circuit' | 'onCircuit'>;
}

/** A request, and what is made of its answer. */
export type ReadRequest<T> = UpstreamRequest & AnswerDecoder<T>;

/** The payment of a background read whose quota was taken before, for a call that is made at once. */
export interface Prepaid {
  readonly how: 'prepaid';
  /** By the clock of `performance.now()`. */
  readonly takenAt: number;
}

/** What may wait for its quota, for as long as it has. */
type WaitingCall = Cancellation & Pick<Call<unknown>, 'remainingMs'>;

export interface UpstreamOptions extends PolicyOptions {
  readonly quota: Quota;
}

/** What an answer may take once its call is made, in milliseconds: quota that comes later than that is no use. */
const ANSWER_MS = 500;

/** Quota that was taken longer ago than that before its call leaves is taken again: the provider counts the call then. */
const MAX_TAKEN_MS = 20;

/** For how long a 429 that does not say closes the gate, in seconds. */
const DEFAULT_RETRY_AFTER_SECONDS = 10;

export function createUpstream(
  provider: ProviderName,
  transport: Transport,
  { quota, ...limits }: UpstreamOptions,
): Upstream {
  const policy = createPolicy(provider, limits);

  async function takeSpare(payment: Payment): Promise<void> {
    if ((await quota.takeSpare(payment)) > 0) throw new SpareQuotaUsedUp(provider);
  }

  /**
   * Takes the call's quota in the moment that the call is made, or the provider would count it later than we do.
   * @param takenAt When it was taken already.
   * @returns undefined where that needs no waiting.
   */
  function pay(payment: Payment, call: WaitingCall, takenAt: number | undefined): Promise<void> | undefined {
    if (takenAt !== undefined && performance.now() - takenAt <= MAX_TAKEN_MS) return undefined;
    if (isSpare(payment)) return takeSpare(payment);
    return quota.takeNow(payment) ? undefined : quota.take(payment, patienceMs(call), call);
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
        const send = (by: Payment, takenAt?: number) =>
          transport.get({ request, read, call, admit: () => pay(by, call, takenAt) });
        // A call that is made again is paid for as it was the first time.
        if (payment.how === 'prepaid') return send(BACKGROUND, attempt === 0 ? payment.takenAt : undefined);
        if (isSpare(payment)) return send(payment);
        // A caller that cannot be served is told before it waits for a connection.
        const refusal = quota.refusal(payment, transport.waiting(), patienceMs(call));
        if (refusal !== undefined) return call.fail(refusal);
        if (payment.how === 'caller' && quota.goesFirst(payment)) return send(payment);
        // A caller above its share may have to wait for long. It keeps no connection from others meanwhile.
        quota.take(payment, patienceMs(call), call).then(
          () => send(payment, performance.now()),
          (reason: unknown) => call.fail(reason),
        );
      }, caller),
    quota,
    policy,
  };
}

function isSpare({ how }: Payment): boolean {
  return how === 'spare' || how === 'background';
}

function patienceMs(call: WaitingCall): number {
  return Math.max(0, call.remainingMs() - ANSWER_MS);
}
