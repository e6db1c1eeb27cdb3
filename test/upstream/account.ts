// One account, which calls what servers a test has.

import { onTestFinished } from 'vitest';
import type { CallListener } from '../../src/upstream/call-record.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import type { OriginListener } from '../../src/upstream/origins.ts';
import type { PaymentKind } from '../../src/upstream/payment.ts';
import type { PolicyOptions } from '../../src/upstream/policy.ts';
import { createQuota, type Quota } from '../../src/upstream/quota.ts';
import type { QuotaWindow } from '../../src/upstream/quota-window.ts';
import { createTransport, type TransportOptions } from '../../src/upstream/transport.ts';
import { createUpstream, type ReadRequest } from '../../src/upstream/upstream.ts';

const LIMITS = {
  maxInFlight: 32,
  maxWaiting: 168,
  connectTimeoutMs: 2_000,
  headersTimeoutMs: 3_000,
  attemptTimeoutMs: 4_000,
  totalTimeoutMs: 8_000,
};

const PLENTY: readonly QuotaWindow[] = [{ limit: 10_000, windowMs: 60_000 }];

export interface AccountOptions extends Partial<TransportOptions & PolicyOptions> {
  readonly quota?: Quota;
  readonly windows?: readonly QuotaWindow[];
  readonly listener?: Partial<OriginListener>;
  readonly onCall?: CallListener;
}

export function openAccount(options: AccountOptions = {}) {
  const { windows = PLENTY, quota = createQuota('PARTOO', windows), listener, onCall, ...limits } = options;
  const own = { ...LIMITS, ...limits };
  const upstream = createUpstream('PARTOO', (origin, troubles) => createTransport(origin, troubles, own), {
    ...own,
    quota,
    listener: { circuitChanged: () => {}, troubleBegan: () => {}, troubleEnded: () => {}, ...listener },
    onCall,
  });
  onTestFinished(() => upstream.close());
  return {
    upstream,
    /** For a caller that has made no call yet. What comes of it: `decoded`, or the code of the problem. */
    call(origin: string, how: PaymentKind = 'caller', cancellation = new Cancellation()): Promise<string | null> {
      const request: ReadRequest<string> = {
        provider: 'PARTOO',
        origin,
        path: '/',
        template: '/',
        query: {},
        headers: ['x-apikey', 'hush'],
        maxBytes: 100,
        decode: () => 'decoded',
      };
      const isBackground = how === 'background' || how === 'prepaid';
      const payment = { how, caller: isBackground ? '' : crypto.randomUUID() };
      return upstream.call(request, cancellation, payment).catch((error) => error.code ?? error.name);
    },
  };
}
