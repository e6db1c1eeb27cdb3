// How the quota of a call is taken, in the moment that the call is made: for whom it is made says out of which share, and
// how long it waits. A request that is made again is paid for again, in the same way.

import { SpareQuotaUsedUp } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Payer } from './attempt-plan.ts';
import type { Attempted } from './call.ts';
import type { CancelListener, Cancellation } from './cancellation.ts';
import type { Quota } from './quota.ts';

/**
 * - `prepaid`: it was taken just now, for a call that is made at once (a background read). Where that is too long ago when
 *   the request can be written, it is taken again as for `background`.
 * - `background`: by background work, out of what such work may have; it waits a little.
 * - `caller`: by a caller that waits for it.
 * - `insistent`: by a caller that insists on a newer answer than is known; such callers get a share of what callers get.
 * - `spare`: by a caller that could do without; it gets what background work may have, and does not wait.
 */
export type Payment = 'prepaid' | 'background' | 'caller' | 'insistent' | 'spare';

/** How long background work waits for its quota, in milliseconds: it holds a connection that callers may want. */
const BACKGROUND_PATIENCE_MS = 1_000;

/** What an answer may take once its call is made, in milliseconds: quota that comes later than that is no use. */
const ANSWER_MS = 500;

/** For how long a call can wait for its quota, in milliseconds. */
export function patienceMs(call: Pick<Attempted<unknown>, 'remainingMs'>): number {
  return Math.max(0, call.remainingMs() - ANSWER_MS);
}

export function createPayers(provider: ProviderName, quota: Quota): Readonly<Record<Payment, Payer>> {
  const asCaller: Payer = {
    payNow: () => quota.takeNow(),
    pay: (call) => quota.take(patienceMs(call), call),
  };
  /** @param mostMs How long it waits. */
  const inBackground = (mostMs: number): Payer => ({
    // A quota that is shared says so later.
    payNow: () => false,
    async pay(call) {
      const until = performance.now() + Math.min(mostMs, patienceMs(call));
      while (true) {
        const delayMs = await quota.takeInBackground();
        if (delayMs <= 0) return;
        if (performance.now() + delayMs > until) throw new SpareQuotaUsedUp(provider);
        await pause(delayMs, call);
      }
    },
  });
  const patient = inBackground(BACKGROUND_PATIENCE_MS);
  return { prepaid: patient, background: patient, caller: asCaller, insistent: asCaller, spare: inBackground(0) };
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
