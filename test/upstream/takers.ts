// Callers of one account's quota: one that wants everything, and newcomers beside it. They go by `performance` and timers,
// which a test may have made its own.

import { expect } from 'vitest';
import { ProviderRateLimited } from '../../src/invitation/problem.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import type { PaymentKind } from '../../src/upstream/payment.ts';
import type { Quota } from '../../src/upstream/quota.ts';

/** What an attempt may wait. */
const PATIENCE_MS = 7_500;

export const take = (quota: Quota, caller: string, how: PaymentKind = 'caller', patienceMs = PATIENCE_MS) =>
  quota.take({ how, caller }, patienceMs, new Cancellation());

/** A caller that wants everything: so many calls wait at any time, and one that is refused comes again. */
export function greedy(quota: Quota, caller: string, atOnce = 60) {
  const times: number[] = [];
  let isOver = false;
  const one = async () => {
    while (!isOver) {
      try {
        await take(quota, caller);
        times.push(performance.now());
      } catch (error) {
        expect(error).toBeInstanceOf(ProviderRateLimited);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  };
  for (let n = 0; n < atOnce; n++) void one();
  return {
    /** When it had a call each, in milliseconds. */
    times,
    stop() {
      isOver = true;
    },
  };
}

/** How long a caller takes to have so many, asking again when it is told to, in milliseconds. */
export async function untilServed(quota: Quota, caller: string, count: number): Promise<number> {
  const from = performance.now();
  const one = async (): Promise<void> => {
    try {
      await take(quota, caller);
    } catch (error) {
      const seconds = (error as ProviderRateLimited).retryAfterSeconds ?? 1;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      await one();
    }
  };
  await Promise.all(Array.from({ length: count }, one));
  return performance.now() - from;
}
