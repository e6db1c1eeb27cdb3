// What is wanted of a refresher and what it reads, for tests on a clock of their own.

import type { Invitation } from '../../src/invitation/kinds.ts';
import { externalIdOf, type Ref, wholeKeyOf } from '../../src/invitation/ref.ts';
import { snapshotOf } from '../../src/invitation/snapshot.ts';
import { Evidence } from '../../src/order/evidence.ts';
import { Order } from '../../src/order/order.ts';
import type { Entry } from '../../src/snapshots/entry.ts';
import type { Reading } from '../../src/snapshots/reading.ts';
import { createRefresher, type Refresher, type RefresherOptions } from '../../src/snapshots/refresher.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import type { QuotaWindow } from '../../src/upstream/quota-window.ts';
import { createFakeSource, type FakeSource, inviteTo, now, refTo, review } from './source.ts';

const FRESH_MS = 10_000;

export const plain = (id: string): Reading => ({ ref: refTo(id), withExtras: false });

/** What is known of a ref that was seen then; by default of one that was pending all the time. */
export function entryOf(ref: Ref, seenAt: number, invitation: Invitation = pending(ref), withExtras = false): Entry {
  return {
    type: ref.type,
    snapshot: snapshotOf(invitation, new Date(Date.now() + seenAt - now())),
    withExtras,
    whole: wholeKeyOf(ref),
    begunAt: seenAt,
    seenAt,
    sinceAt: Math.min(seenAt, 0),
    state: 'pending',
    looks: 0,
    restsAt: -1,
    freshMs: 10_000,
    staleness: null,
  };
}

const pending = (ref: Ref) => (ref.type === 'SmartInvite' ? inviteTo(ref, 'pending') : review(ref, 'SENT'));

export function newRefresher(
  windows: readonly QuotaWindow[] = [{ limit: 1_000, windowMs: 60_000 }],
  options: Partial<RefresherOptions> = {},
) {
  const source: FakeSource = createFakeSource(windows);
  const read: string[] = [];
  const times: number[] = [];
  let reading = async (): Promise<void> => {};
  const failing = new Set<string>();
  const inFlight = new Set<string>();
  const withExtras: string[] = [];
  const entries = new Map<string, Entry>();
  const see = (ref: Ref, entry: Entry, looks = 0) => {
    const before = entries.get(ref.key);
    entries.set(ref.key, entry);
    refresher.wishes.see(ref, entry, looks, before);
  };
  const refresher: Refresher = createRefresher(source.quota, {
    wayTo: () => source.upstream.wayTo(undefined),
    async read({ ref, withExtras: isWithExtras }) {
      const key = externalIdOf(ref);
      const begunAt = now();
      read.push(key);
      if (isWithExtras) withExtras.push(key);
      times.push(now());
      await reading();
      if (source.circuit !== 'CLOSED' || failing.has(key)) return;
      see(ref, { ...entryOf(ref, now(), undefined, isWithExtras), begunAt });
    },
    isInFlight: ({ ref }) => inFlight.has(externalIdOf(ref)),
    createOrder: () => new Order(new Evidence()),
    freshMs: FRESH_MS,
    isNotified: () => false,
    now,
    ...options,
  });
  /** A caller is given what was seen then, or nothing; a read is due where that is older than fresh. */
  const ask = (one: Reading, seenAt: number) => {
    const { ref } = one;
    const entry = entries.get(ref.key) ?? (seenAt === Number.NEGATIVE_INFINITY ? undefined : entryOf(ref, seenAt));
    if (entry !== undefined) {
      entries.set(ref.key, entry);
      entry.looks += 1;
      if ((entry.looks & (entry.looks - 1)) === 0) refresher.wishes.look(ref, entry);
    }
    if (entry === undefined || one.withExtras || now() - entry.seenAt > FRESH_MS) refresher.wishes.ask(one, entry);
  };
  return {
    source,
    refresher,
    read,
    failing,
    inFlight,
    withExtras,
    times,
    ask,
    see,
    want: (key: string, ageMs = 20_000, seenAt = now() - ageMs) => ask(plain(key), seenAt),
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
