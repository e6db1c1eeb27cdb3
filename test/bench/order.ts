// What it costs to find what is read next among a hundred thousand wishes, and to want it again.

import { Evidence } from '../../src/order/evidence.ts';
import { Order } from '../../src/order/order.ts';
import type { Placed } from '../../src/order/place.ts';
import { Turns } from '../../src/order/turns.ts';

const WISHES = 100_000;
const READS = 20_000;
const MAX_MICROSECONDS = 50;
const STATES = ['CREATED', 'SENT', 'pending', 'tentative', 'accepted', 'declined'];
const PATIENCE = { leastMs: 5_000, mostMs: 60_000, worth: 0.001 };

interface Thing extends Placed<Thing> {}

/** @returns whether it is found in time. */
export function orderBench(): boolean {
  const evidence = new Evidence();
  const order = new Order<Thing>(evidence);
  const turns = new Turns();
  const begin = 3_600_000;
  for (let n = 0; n < WISHES; n++) {
    const sinceAt = begin * Math.random();
    const seenAt = sinceAt + (begin - sinceAt) * Math.random();
    order.want(
      {
        state: STATES[n % STATES.length] ?? '',
        sinceAt,
        seenAt,
        changesAt: n % 2 ? Number.POSITIVE_INFINITY : begin + 3_600_000 * Math.random(),
        isFinal: false,
        looks: Math.min(1_000, 1 / Math.random()),
        waitsFrom: seenAt,
        notBefore: Number.NEGATIVE_INFINITY,
        patience: PATIENCE,
        place: undefined,
      },
      begin,
    );
  }
  const took: number[] = [];
  for (let n = 0; n < READS; n++) {
    const at = begin + n;
    const startedAt = performance.now();
    const next = turns.isForLongest ? order.longestWaiting(at) : order.next(at)?.wanted;
    took.push((performance.now() - startedAt) * 1_000);
    if (next === undefined) break;
    turns.took();
    const hasChanged = n % 10 === 0;
    const { state, seenAt, sinceAt } = next;
    evidence.note({ state, fromMs: seenAt - sinceAt, toMs: at - sinceAt, hasChanged, at });
    order.drop(next);
    order.want({ ...next, seenAt: at, sinceAt: hasChanged ? at : sinceAt, waitsFrom: at }, at);
  }
  took.sort((a, b) => a - b);
  const mean = took.reduce((sum, each) => sum + each, 0) / took.length;
  const p99 = took[Math.floor(took.length * 0.99)] ?? Number.NaN;
  console.log(
    `the next one to be read of ${WISHES} is found in ${mean.toFixed(1)} µs, p99 ${p99.toFixed(1)} µs (at most ${MAX_MICROSECONDS} µs on average)`,
  );
  return mean <= MAX_MICROSECONDS;
}

if (import.meta.main && !orderBench()) process.exitCode = 1;
