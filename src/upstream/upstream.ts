// One account's way to its provider: quota, policy, request and answer put together. A provider's client describes a
// call and how its answer is decoded; what comes back is the decoded answer, null where there is no such thing, or a problem.

import type { ProviderName } from '../invitation/provider.ts';
import { type AnswerDecoder, readAnswer, retryAfterSeconds } from './answer.ts';
import type { Circuit } from './breaker.ts';
import { type CallListener, CallRecord } from './call-record.ts';
import type { Cancellation } from './cancellation.ts';
import { createOrigins, type MakeTransport, type OriginListener } from './origins.ts';
import { createPayer, patienceMs } from './payer.ts';
import { isSpare, type Payment } from './payment.ts';
import type { Policy, PolicyOptions } from './policy.ts';
import type { Quota } from './quota.ts';
import type { UpstreamAnswer, UpstreamRequest } from './request.ts';

export interface Upstream {
  /**
   * Makes a call, with all that stands between us and a provider.
   * @param payment For whom it is made, and so how its quota is taken.
   * @returns null for a 404.
   * @throws Problem for everything else but a 2xx with JSON that can be decoded.
   */
  call<T>(request: ReadRequest<T>, cancellation: Cancellation, payment: Payment): Promise<T | null>;
  readonly quota: Quota;
  /** How it stands with the calls to one origin. Undefined where none is configured: what is not called has room. */
  wayTo(origin: string | undefined): Way;
  /** Whether calls are made: the worst of the origins in use. */
  circuit(): Circuit;
  close(): void;
}

/** How it stands with the calls to one origin. */
export type Way = Pick<Policy, 'hasRoom' | 'isCrowded' | 'circuit'>;

/** A request, and what is made of its answer. */
export type ReadRequest<T> = UpstreamRequest & AnswerDecoder<T>;

export interface UpstreamOptions extends PolicyOptions {
  readonly quota: Quota;
  readonly listener: OriginListener;
  /** Told of each call when it is over. */
  readonly onCall?: CallListener | undefined;
}

/** For how long a 429 that does not say closes the gate, in seconds. */
const DEFAULT_RETRY_AFTER_SECONDS = 10;

const WAY_TO_NONE: Way = { hasRoom: () => true, isCrowded: () => false, circuit: () => 'CLOSED' };

export function createUpstream(
  provider: ProviderName,
  makeTransport: MakeTransport,
  options: UpstreamOptions,
): Upstream {
  const { quota, listener, onCall } = options;
  const origins = createOrigins(provider, makeTransport, options, listener);
  const payer = createPayer(provider, quota);

  function read<T>(answer: UpstreamAnswer, request: ReadRequest<T>): T | null {
    if (answer.status === 429) quota.close((retryAfterSeconds(answer.headers) ?? DEFAULT_RETRY_AFTER_SECONDS) * 1_000);
    return readAnswer(answer, request);
  }

  return {
    call(request, caller, payment) {
      const origin = origins.at(request.origin);
      const begunAt = performance.now();
      origin.usedAt = begunAt;
      const record = onCall && new CallRecord(request, payment, onCall);
      return origin.policy.run(
        (call, attempt) => {
          const send = (paidAt?: number) => origin.transport.get({ request, read, call, payer, payment, paidAt });
          if (isSpare(payment)) return send(payment.how === 'prepaid' && attempt === 0 ? begunAt : undefined);
          // A caller that cannot be served is told before it waits for a connection.
          const refusal = quota.refusal(payment, origin.transport.waiting(), patienceMs(call));
          if (refusal !== undefined) return call.fail(refusal);
          if (quota.mayHoldConnection(payment)) return send();
          // A caller above its share may have to wait for long. It keeps no connection from others meanwhile.
          record?.wait('quota');
          quota.take(payment, patienceMs(call), call).then(send, (reason: unknown) => call.fail(reason));
        },
        caller,
        payment.caller,
        record,
      );
    },
    quota,
    wayTo: (origin) => (origin === undefined ? WAY_TO_NONE : origins.at(origin).policy),
    circuit: origins.circuit,
    close: origins.close,
  };
}
