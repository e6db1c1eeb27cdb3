// How a call's quota is taken, with a transport that the test holds: when a call is refused before it waits for a
// connection, and what background work may have.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AttemptPlan } from '../../src/upstream/attempt.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { createQuota } from '../../src/upstream/quota.ts';
import type { UpstreamRequest } from '../../src/upstream/request.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import { createUpstream, type Payment, type ReadRequest, type Upstream } from '../../src/upstream/upstream.ts';

const LIMITS = { maxInFlight: 32, maxWaiting: 168, totalTimeoutMs: 8_000 };
const WINDOWS = [{ limit: 10, windowMs: 60_000 }];
const REQUEST: ReadRequest<string> = {
  provider: 'PARTOO',
  origin: 'http://127.0.0.1',
  path: '/',
  query: {},
  headers: [],
  maxBytes: 1,
  decode: () => 'decoded',
};

let upstream: Upstream;
let gets: number;

/** A connection is free at once, and the provider answers as soon as the quota is taken. */
async function answer<R extends UpstreamRequest, T>(plan: AttemptPlan<R, T>): Promise<void> {
  gets += 1;
  try {
    await plan.admit?.();
    plan.call.succeed(plan.read({ status: 200, headers: {}, body: Buffer.from('{}') }, plan.request));
  } catch (error) {
    plan.call.fail(error);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  gets = 0;
  const transport: Transport = { get: (plan) => void answer(plan), waiting: () => 0, close: async () => {} };
  upstream = createUpstream('PARTOO', transport, {
    ...LIMITS,
    quota: createQuota('PARTOO', WINDOWS),
    windows: WINDOWS,
  });
});
afterEach(() => vi.useRealTimers());

const call = (payment: Payment) =>
  upstream.call(REQUEST, new Cancellation(), payment).catch((error) => error.code ?? error.name);

test('a caller whose quota would come too late is refused before it waits for a connection', async () => {
  for (let n = 0; n < 10; n++) expect(await call('caller')).toBe('decoded');
  expect(await call('caller')).toBe('PROVIDER_RATE_LIMITED');
  expect(gets).toBe(10);
});

test('a read with spare quota gets at most the share of background work', async () => {
  const outcomes: string[] = [];
  for (let n = 0; n < 10; n++) outcomes.push(await call('spare'));
  expect(outcomes).toEqual([...Array(9).fill('decoded'), 'PROVIDER_RATE_LIMITED']);
  expect(await call('caller')).toBe('decoded');
});

test('a prepaid call takes no quota', async () => {
  for (let n = 0; n < 20; n++) expect(await call('prepaid')).toBe('decoded');
  expect(await call('caller')).toBe('decoded');
});
