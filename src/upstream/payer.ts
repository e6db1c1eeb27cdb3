// How a call is paid for, in the moment that it is made. A request that is made again is paid for again, in the same way.

import { SpareQuotaUsedUp } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Payer } from './attempt-plan.ts';
import type { Attempted } from './call.ts';
import type { CancelListener, Cancellation } from './cancellation.ts';
import { isSpare, type Payment } from './payment.ts';
import type { Quota } from './quota.ts';

/** How long background work waits for its quota, in milliseconds: it keeps a place that callers may want. */
const BACKGROUND_PATIENCE_MS = 1_000;

/** What an answer may take once its call is made, in milliseconds: quota that comes later than that is no use. */
const ANSWER_MS = 500;

/** For how long a call can wait for its quota, in milliseconds. */
export function patienceMs(call: Pick<Attempted<unknown>, 'remainingMs'>): number {
  return Math.max(0, call.remainingMs() - ANSWER_MS);
}

export function createPayer(provider: ProviderName, quota: Quota): Payer {
  async function paySpare(payment: Payment, call: Attempted<unknown>, unusedAt?: number): Promise<number> {
    const mostMs = payment.how === 'spare' ? 0 : BACKGROUND_PATIENCE_MS;
    const until = performance.now() + Math.min(mostMs, patienceMs(call));
    while (true) {
      const delayMs = await quota.takeSpare(payment, unusedAt);
      if (delayMs <= 0) return performance.now();
      if (performance.now() + delayMs > until) throw new SpareQuotaUsedUp(provider);
      await pause(delayMs, call);
    }
  }

  return {
    // What callers leave is looked for later: a quota that is shared has to be asked.
    payNow: (payment, unusedAt) =>
      isSpare(payment) && unusedAt === undefined ? undefined : quota.takeNow(payment, unusedAt),
    pay: (payment, call, unusedAt) =>
      isSpare(payment) ? paySpare(payment, call, unusedAt) : quota.take(payment, patienceMs(call), call, unusedAt),
  };
}

/** @throws the reason where it is cancelled meanwhile. */
function pause(ms: number, cancellation: Cancellation): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      cancellation.remove(waiter);
      resolve();
    }, ms);
    const waiter: CancelListener = {
      cancelled(reason) {
        clearTimeout(timer);
        reject(reason);
      },
    };
    cancellation.add(waiter);
  });
}
