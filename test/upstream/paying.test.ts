// When the quota of a call is taken, and out of whose share: against a real server, to which a connection takes its time.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND, type PaymentKind } from '../../src/upstream/payment.ts';
import { createQuota } from '../../src/upstream/quota.ts';
import type { QuotaWindow } from '../../src/upstream/quota-window.ts';
import { createAuthority, trust } from '../certificates.ts';
import { answerWith, type Fault, type FaultyProxy, startProxy } from '../faults/proxy.ts';
import { openAccount } from './account.ts';

const authority = createAuthority();
trust(authority);
const certificate = authority.issue();

const good = answerWith('{}');
const fails: Fault = (client) => {
  client.write('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
  return true;
};

/** A provider to which a connection takes 100 ms, and an account at it. */
async function openSlowAccount(window: QuotaWindow) {
  const provider: FaultyProxy = await startProxy('http://127.0.0.1:1', { certificate, setUpMs: 100 });
  provider.break(good);
  const quota = createQuota('PARTOO', [window]);
  onTestFinished(() => provider.refuse());
  const account = openAccount({ quota });
  const call = (payment: PaymentKind, cancellation?: Cancellation) =>
    account.call(provider.origin, payment, cancellation);
  return { provider, quota, call, remaining: () => quota.status().remaining };
}

const MINUTE = { limit: 10, windowMs: 60_000 };

function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until) {}
}

// A process that stands still between payment and request pays twice, as it should; the test is made once more then.
describe('a call', { retry: 2 }, () => {
  test('that was paid before the connection was there is paid again, and once it is there no more', async () => {
    const { quota, call, remaining } = await openSlowAccount(MINUTE);
    expect(quota.takeSpare(BACKGROUND)).toBe(0);
    expect(await call('prepaid')).toBe('decoded');
    expect(remaining()).toBe(8);
    expect(quota.takeSpare(BACKGROUND)).toBe(0);
    expect(await call('prepaid')).toBe('decoded');
    expect(remaining()).toBe(7);
  });

  test('in the background that has to be paid again takes nothing of what callers have left', async () => {
    const { provider, quota, call, remaining } = await openSlowAccount(MINUTE);
    for (let n = 0; n < 9; n++) expect(quota.takeSpare(BACKGROUND)).toBe(0);
    expect(await call('prepaid')).toBe('PROVIDER_RATE_LIMITED');
    expect([remaining(), provider.requests.length]).toEqual([1, 0]);
    expect(await call('caller')).toBe('decoded');
  });

  test('in the background that has to be paid again waits for it where that is not long', async () => {
    const { provider, quota, call } = await openSlowAccount({ limit: 2, windowMs: 500 });
    expect(quota.takeSpare(BACKGROUND)).toBe(0);
    const before = performance.now();
    expect(await call('prepaid')).toBe('decoded');
    expect((provider.requests[0]?.atMs ?? 0) - before).toBeGreaterThanOrEqual(480);
  });

  test.each(['prepaid', 'background', 'spare'] as const)(
    'that is %s and made again takes nothing of what callers have left',
    async (payment) => {
      const { provider, quota, call, remaining } = await openSlowAccount(MINUTE);
      expect(await call('caller')).toBe('decoded');
      provider.break(fails);
      // One is left for background work, and one more for callers.
      for (let n = 0; n < (payment === 'prepaid' ? 8 : 7); n++) expect(quota.takeSpare(BACKGROUND)).toBe(0);
      expect(await call(payment)).toBe('PROVIDER_RATE_LIMITED');
      expect([remaining(), provider.requests.length]).toEqual([1, 2]);
    },
  );

  test('that insists and is made again takes from the half that callers that insist have', async () => {
    const { provider, call } = await openSlowAccount(MINUTE);
    for (let n = 0; n < 4; n++) expect(await call('insistent')).toBe('decoded');
    provider.break(fails);
    // Half of ten: the fifth is used up, and no sixth is left.
    expect(await call('insistent')).toBe('PROVIDER_RATE_LIMITED');
    expect(provider.requests).toHaveLength(5);
  });

  test('whose process stands still between payment and request is paid again', async () => {
    const { provider, call, remaining } = await openSlowAccount(MINUTE);
    expect(await call('caller')).toBe('decoded');
    await sleep(20);
    const late = call('caller');
    standStill(50);
    expect(await late).toBe('decoded');
    expect([remaining(), provider.requests.length, provider.connections]).toEqual([7, 2, 1]);
  });

  test('that cannot be paid again at once waits for its turn, on another connection', async () => {
    const { provider, call } = await openSlowAccount({ limit: 1, windowMs: 400 });
    expect(await call('caller')).toBe('decoded');
    await sleep(420);
    const paidAt = performance.now();
    const late = call('caller');
    standStill(50);
    expect(await late).toBe('decoded');
    const [, second] = provider.requests;
    expect((second?.atMs ?? 0) - paidAt).toBeGreaterThanOrEqual(390);
    expect([provider.requests.length, provider.connections]).toEqual([2, 2]);
  });

  test('whose connection closes while it waits for its quota is made on another one', async () => {
    const { provider, call } = await openSlowAccount({ limit: 1, windowMs: 600 });
    expect(await call('caller')).toBe('decoded');
    const waiting = call('caller');
    await sleep(50);
    await provider.refuse();
    await provider.accept();
    expect(await waiting).toBe('decoded');
    expect([provider.requests.length, provider.connections]).toEqual([2, 2]);
  });

  test('that is given up while its connection is made is not paid for, and the next one gets the connection', async () => {
    const { provider, call, remaining } = await openSlowAccount(MINUTE);
    const caller = new Cancellation();
    const left = call('caller', caller);
    caller.cancel(new Error('left'));
    expect(await left).toBe('Error');
    await sleep(300);
    expect(remaining()).toBe(10);
    expect(await call('caller')).toBe('decoded');
    expect([remaining(), provider.connections]).toEqual([9, 1]);
  });
});
