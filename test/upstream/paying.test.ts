// When the quota of a call is taken, and out of whose share: against a real server, to which a connection takes its time.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND, type PaymentKind } from '../../src/upstream/payment.ts';
import { createQuota, type Quota } from '../../src/upstream/quota.ts';
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
async function openSlowAccount(window: QuotaWindow, answersAtOnce = true) {
  const provider: FaultyProxy = await startProxy('http://127.0.0.1:1', { certificate, setUpMs: 100 });
  provider.break(good);
  const own = createQuota('PARTOO', [window]);
  /** Of each call that was paid for, whether it was for the second time. */
  const payments: boolean[] = [];
  let onPaid = () => {};
  const paid = <T>(at: T, unusedAt: number | undefined): T => {
    if (at === undefined) return at;
    payments.push(unusedAt !== undefined);
    if (unusedAt === undefined) onPaid();
    return at;
  };
  const quota: Quota = {
    ...own,
    takeNow: (payment, unusedAt) => (answersAtOnce ? paid(own.takeNow(payment, unusedAt), unusedAt) : undefined),
    take: async (payment, patienceMs, cancellation, unusedAt) =>
      paid(await own.take(payment, patienceMs, cancellation, unusedAt), unusedAt),
  };
  onTestFinished(() => provider.refuse());
  const account = openAccount({ quota });
  const call = (payment: PaymentKind, cancellation?: Cancellation) =>
    account.call(provider.origin, payment, cancellation);
  return {
    provider,
    quota,
    payments,
    call,
    remaining: () => quota.status().remaining,
    /** Does that as soon as a call was paid for the first time. */
    whenPaid(next: () => void) {
      onPaid = next;
    },
  };
}

const MINUTE = { limit: 10, windowMs: 60_000 };

/** A clock that stands still until it is moved. */
function stopClock(): (ms: number) => void {
  let at = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => at);
  onTestFinished(() => clock.mockRestore());
  return (ms) => {
    at += ms;
  };
}

function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until) {}
}

describe('a call', () => {
  test('that was paid before the connection was there counts from when it is made', async () => {
    const { provider, quota, call, remaining } = await openSlowAccount(MINUTE);
    expect(quota.takeSpare(BACKGROUND)).toBe(0);
    expect(await call('prepaid')).toBe('decoded');
    expect(remaining()).toBe(9);
    const countsFrom = performance.now() + quota.status().resetsInMs - MINUTE.windowMs;
    expect(countsFrom).toBeGreaterThan((provider.requests[0]?.atMs ?? 0) - 50);
    expect(quota.takeSpare(BACKGROUND)).toBe(0);
    expect(await call('prepaid')).toBe('decoded');
    expect(remaining()).toBe(8);
  });

  test('in the background that was paid for long before takes nothing of what callers have left', async () => {
    const { provider, quota, call, remaining } = await openSlowAccount(MINUTE);
    for (let n = 0; n < 9; n++) expect(quota.takeSpare(BACKGROUND)).toBe(0);
    expect(await call('prepaid')).toBe('decoded');
    expect([remaining(), provider.requests.length]).toEqual([1, 1]);
    expect(await call('background')).toBe('PROVIDER_RATE_LIMITED');
    expect(await call('caller')).toBe('decoded');
  });

  test('in the background waits for its quota where that is not long', async () => {
    const { provider, quota, call } = await openSlowAccount({ limit: 2, windowMs: 500 });
    expect(quota.takeSpare(BACKGROUND)).toBe(0);
    const before = performance.now();
    expect(await call('background')).toBe('decoded');
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

  describe.each([
    ['of its own', true, 1],
    ['that has to be asked', false, 2],
  ])('whose process stands still between payment and request, with a quota %s,', (_, answersAtOnce, connections) => {
    const lateCall = async (window: QuotaWindow) => {
      const opened = await openSlowAccount(window, answersAtOnce);
      expect(await opened.call('caller')).toBe('decoded');
      await sleep(window.limit === 1 ? window.windowMs + 20 : 20);
      const late = opened.call('caller');
      // By then it has been paid for.
      if (!answersAtOnce) await Promise.resolve();
      standStill(50);
      expect(await late).toBe('decoded');
      return opened;
    };

    test('is paid for once', async () => {
      const { provider, remaining } = await lateCall(MINUTE);
      expect([remaining(), provider.requests.length, provider.connections]).toEqual([8, 2, connections]);
    });

    // What the opposite of standing still is, real time does not tell on a busy machine.
    test.each([
      [10, false],
      [20, false],
      [25, true],
    ])('for %i ms is paid for again where that is more than 20: %s', async (ms, isPaidAgain) => {
      const { call, payments, remaining, whenPaid } = await openSlowAccount(MINUTE, answersAtOnce);
      expect(await call('caller')).toBe('decoded');
      // The connection is free again.
      await sleep(20);
      payments.length = 0;
      const pass = stopClock();
      whenPaid(() => pass(ms));
      expect(await call('caller')).toBe('decoded');
      expect(payments).toEqual(isPaidAgain ? [false, true] : [false]);
      expect(remaining()).toBe(8);
    });

    test('counts from when it was sent', async () => {
      const { provider, call } = await lateCall({ limit: 1, windowMs: 400 });
      expect(await call('caller')).toBe('decoded');
      const [, late, next] = provider.requests;
      expect((next?.atMs ?? 0) - (late?.atMs ?? 0)).toBeGreaterThanOrEqual(390);
    });
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
