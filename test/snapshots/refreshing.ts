// What is wanted of a refresher and what it reads, for tests on a clock of their own.

import { externalIdOf, type Ref } from '../../src/invitation/ref.ts';
import type { Reading } from '../../src/snapshots/reading.ts';
import { createRefresher, type Refresher } from '../../src/snapshots/refresher.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import type { QuotaWindow } from '../../src/upstream/quota-window.ts';
import { createFakeSource, type FakeSource, now, refTo } from './source.ts';

export const plain = (id: string): Reading => ({ ref: refTo(id), withExtras: false });

export function newRefresher(
  windows: readonly QuotaWindow[] = [{ limit: 1_000, windowMs: 60_000 }],
  claim?: (ref: Ref) => Promise<boolean>,
) {
  const source: FakeSource = createFakeSource(windows);
  const read: string[] = [];
  const times: number[] = [];
  let reading = async (): Promise<void> => {};
  const failing = new Set<string>();
  const inFlight = new Set<string>();
  const withExtras: string[] = [];
  const refresher: Refresher = createRefresher(source.quota, {
    wayTo: () => source.upstream.wayTo(undefined),
    async read({ ref, withExtras: isWithExtras }) {
      const key = externalIdOf(ref);
      read.push(key);
      if (isWithExtras) withExtras.push(key);
      times.push(now());
      await reading();
      return source.circuit === 'CLOSED' && !failing.has(key);
    },
    isInFlight: ({ ref }) => inFlight.has(externalIdOf(ref)),
    ...(claim === undefined ? {} : { claim }),
    now,
  });
  return {
    source,
    refresher,
    read,
    failing,
    inFlight,
    withExtras,
    times,
    want: (key: string, ageMs = 20_000, seenAt = now() - ageMs) => refresher.want(plain(key), seenAt),
    readsTake: (ms: number) => {
      reading = () => new Promise((resolve) => setTimeout(resolve, ms));
    },
  };
}

/** One read a second, the first of which is used up: what is wanted in between has to wait. */
export async function oneASecond() {
  const all = newRefresher([{ limit: 1, windowMs: 1_000 }]);
  all.source.quota.takeSpare(BACKGROUND);
  return all;
}
