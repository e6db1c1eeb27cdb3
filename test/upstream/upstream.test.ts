// How a call's quota is taken, with a transport that the test holds: when a call is refused before it waits for a
// connection, and what background work may have.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AttemptPlan } from '../../src/upstream/attempt-plan.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND, type Payment, PREPAID } from '../../src/upstream/payment.ts';
import { createQuota } from '../../src/upstream/quota.ts';
import type { UpstreamRequest } from '../../src/upstream/request.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import { createUpstream, type ReadRequest, type Upstream } from '../../src/upstream/upstream.ts';

const LIMITS = { maxInFlight: 32, maxWaiting: 168, totalTimeoutMs: 8_000 };
const WINDOWS = [{ limit: 10, windowMs: 60_000 }];
const REQUEST: ReadRequest<string> = {
  provider: 'PARTOO',
  origin: 'http://127.0.0.1',
  path: '/',
  template: '/',
  query: {},
  headers: [],
  maxBytes: 1,
  decode: () => 'decoded',
};

let upstream: Upstream;
let gets: number;
/** How long a connection takes to be free, in milliseconds. */
let connectMs: number;
/** The statuses of the next answers; 200 after them. */
let statuses: number[];

/** The provider answers as soon as there is a connection and the quota is taken. */
async function answer<R extends UpstreamRequest, T>(plan: AttemptPlan<R, T>): Promise<void> {
  gets += 1;
  try {
    if (connectMs > 0) await new Promise((resolve) => setTimeout(resolve, connectMs));
    const isPaid = plan.paidAt !== undefined && performance.now() - plan.paidAt <= 20;
    const { payer, payment = BACKGROUND } = plan;
    if (!isPaid && payer?.payNow(payment) === undefined) await payer?.pay(payment, plan.call);
    const status = statuses.shift() ?? 200;
    plan.call.succeed(plan.read({ status, headers: {}, body: Buffer.from('{}') }, plan.request));
  } catch (error) {
    plan.call.fail(error);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  gets = 0;
  connectMs = 0;
  statuses = [];
  const transport: Transport = {
    get: (plan) => void answer(plan),
    waiting: () => [],
    renew: () => {},
    close: () => {},
  };
  upstream = createUpstream('PARTOO', () => transport, {
    ...LIMITS,
    quota: createQuota('PARTOO', WINDOWS),
    listener: { circuitChanged: () => {}, troubleBegan: () => {}, troubleEnded: () => {} },
  });
});
afterEach(() => vi.useRealTimers());

let callers = 0;
/** By a caller that has made no call yet. */
const by = (how: Payment['how']): Payment => ({ how, caller: `caller-${callers++}` });

async function call(payment: Payment) {
  const outcome = upstream.call(REQUEST, new Cancellation(), payment).catch((error) => error.code ?? error.name);
  await vi.advanceTimersByTimeAsync(1_000);
  return outcome;
}

const used = () => 10 - upstream.quota.status().remaining;

test('a caller whose quota would come too late is refused before it waits for a connection', async () => {
  for (let n = 0; n < 10; n++) expect(await call(by('caller'))).toBe('decoded');
  expect(await call(by('caller'))).toBe('PROVIDER_RATE_LIMITED');
  expect(gets).toBe(10);
});

test('a caller above its share waits for its quota before it takes a connection', async () => {
  const payment = by('caller');
  for (let n = 0; n < 5; n++) expect(await call(payment)).toBe('decoded');
  const waiting = call(payment);
  await vi.advanceTimersByTimeAsync(0);
  expect(gets).toBe(5);
  expect(await call(by('caller'))).toBe('decoded');
  expect(gets).toBe(6);
  expect(await waiting).toBe('PROVIDER_RATE_LIMITED');
});

test('a read with spare quota gets what background work may have, and no more', async () => {
  const outcomes: string[] = [];
  for (let n = 0; n < 10; n++) outcomes.push(await call(by('spare')));
  expect(outcomes).toEqual([...Array(9).fill('decoded'), 'PROVIDER_RATE_LIMITED']);
  expect(await call(by('caller'))).toBe('decoded');
});

test('a call that is prepaid takes no quota', async () => {
  for (let n = 0; n < 20; n++) expect(await call(PREPAID)).toBe('decoded');
  expect(used()).toBe(0);
});

test('a call that is prepaid takes its quota again where its connection comes late', async () => {
  connectMs = 300;
  expect(await call(PREPAID)).toBe('decoded');
  expect(used()).toBe(1);
});

test('a background read that is made again pays as background work does', async () => {
  statuses = [503];
  expect(await call(PREPAID)).toBe('decoded');
  expect(used()).toBe(1);
  while (upstream.quota.takeSpare(BACKGROUND) === 0);
  statuses = [503];
  expect(await call(PREPAID)).toBe('PROVIDER_RATE_LIMITED');
  expect(await call(by('caller'))).toBe('decoded');
});
