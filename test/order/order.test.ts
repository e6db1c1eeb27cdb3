// The promises of the order in which things are read, for any wishes and any evidence.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Evidence, type Likelihood } from '../../src/order/evidence.ts';
import { Order } from '../../src/order/order.ts';
import type { Patience, Placed } from '../../src/order/place.ts';
import { Turns } from '../../src/order/turns.ts';

const SECOND = 1_000;
const AT_ONCE: Patience = { leastMs: 0, mostMs: 0, worth: 0 };
const EVERY_MS = SECOND;

interface Thing extends Placed<Thing> {
  readonly key: string;
}

function wanted(key: string, more: Partial<Thing> = {}): Thing {
  const { seenAt = 0, sinceAt = seenAt } = more;
  return {
    key,
    state: 'SENT',
    changesAt: Number.POSITIVE_INFINITY,
    isFinal: false,
    looks: 1,
    notBefore: Number.NEGATIVE_INFINITY,
    patience: AT_ONCE,
    waitsFrom: Math.max(0, seenAt),
    place: undefined,
    ...more,
    seenAt,
    sinceAt,
  };
}

function orderOf(things: readonly Thing[], likelihood: Likelihood = new Evidence(), at = 0): Order<Thing> {
  const order = new Order<Thing>(likelihood);
  for (const thing of things) order.want(thing, at);
  return order;
}

/** States that change often, hardly ever, or more and more rarely, as reads would have found. */
function learned(): Evidence {
  const evidence = new Evidence();
  for (let n = 0; n < 300; n++) {
    const soon = n % 2 === 0;
    evidence.note({ state: 'often', fromMs: 0, toMs: 10_000, hasChanged: soon, at: 0 });
    evidence.note({ state: 'hardly', fromMs: 0, toMs: 3_600_000, hasChanged: false, at: 0 });
    evidence.note({ state: 'soon', fromMs: 0, toMs: 20_000, hasChanged: soon, at: 0 });
    if (!soon) evidence.note({ state: 'soon', fromMs: 20_000, toMs: 3_600_000, hasChanged: false, at: 0 });
  }
  return evidence;
}

/** Reads one a second, and what was read is wanted again as it was seen. @returns what was read, in its order. */
function readAll(order: Order<Thing>, reads: number): Thing[] {
  const read: Thing[] = [];
  const turns = new Turns();
  for (let n = 0; n < reads; n++) {
    const at = n * EVERY_MS;
    const next = turns.isForLongest ? order.longestWaiting(at) : order.next(at)?.wanted;
    if (next === undefined) continue;
    turns.took();
    read.push(next);
    const since = next.sinceAt === Number.NEGATIVE_INFINITY ? at : next.sinceAt;
    order.drop(next);
    order.want({ ...next, seenAt: at, sinceAt: since, waitsFrom: at }, at);
  }
  return read;
}

const anyThings = fc
  .array(
    fc.record({
      state: fc.constantFrom('often', 'hardly', 'soon', 'unknown'),
      looks: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
      seenAt: fc.constantFrom(Number.NEGATIVE_INFINITY, -1, -10_000, -600_000),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list) => list.map((each, n) => wanted(String(n), each)));

describe('the order', () => {
  test('takes without evidence what was seen longest ago, of any state, where all is looked at alike', () => {
    const ages = fc.uniqueArray(fc.integer({ min: 0, max: 3_600_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(ages, (seen) => {
        const things = seen.map((ageMs, n) =>
          wanted(`${n}`, { seenAt: -ageMs, sinceAt: -7_200_000, state: `${n % 3}` }),
        );
        const order = orderOf(things);
        const read: number[] = [];
        // None has waited for long.
        for (let next = order.next(0); next !== undefined; next = order.next(0)) {
          read.push(-next.wanted.seenAt);
          order.drop(next.wanted);
        }
        expect(read).toEqual(seen.toSorted((a, b) => b - a));
      }),
    );
  });

  test('rotates without evidence, for as long as it runs: what is read is the oldest, or hardly younger', () => {
    const any = fc.record({
      state: fc.constantFrom('a', 'b', 'c'),
      seenAt: fc.integer({ min: -600_000, max: -1 }),
      // In the state that it has for up to a day.
      stateMs: fc.integer({ min: 0, max: 86_400_000 }),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 30 }), (list) => {
        const things = list.map(({ stateMs, ...each }, n) =>
          wanted(String(n), { ...each, sinceAt: each.seenAt - stateMs, waitsFrom: each.seenAt }),
        );
        const seen = new Map(things.map(({ key, seenAt }) => [key, seenAt]));
        const read = readAll(orderOf(things), 5 * things.length);
        expect(read).toHaveLength(5 * things.length);
        for (const [n, { key, seenAt }] of read.entries()) {
          const at = n * EVERY_MS;
          // A score is good enough for a sixteenth of the age that it was worked out at.
          expect(at - seenAt).toBeGreaterThanOrEqual((16 / 17) * (at - Math.min(...seen.values())) - 1e-6);
          seen.set(key, at);
        }
      }),
    );
  });

  test('lets nothing wait for more than two and a half rounds', () => {
    fc.assert(
      fc.property(anyThings, (things) => {
        const order = orderOf(things, learned());
        const last = new Map(things.map(({ key }) => [key, 0]));
        const reads = 10 * things.length;
        // To the next whole read.
        const most = Math.ceil(things.length / 0.45) + 2;
        for (const [n, { key }] of readAll(order, reads).entries()) {
          expect(n - (last.get(key) ?? 0)).toBeLessThanOrEqual(most);
          last.set(key, n);
        }
        for (const n of last.values()) expect(reads - n).toBeLessThanOrEqual(most);
      }),
    );
  });

  test('starves nothing that is looked at: all are read within three rounds, however much others are looked at', () => {
    fc.assert(
      fc.property(anyThings, (things) => {
        const read = readAll(orderOf(things, learned()), 3 * things.length + 2);
        expect(new Set(read.map(({ key }) => key)).size).toBe(things.length);
      }),
    );
  });

  test('never takes what is final, also where it was not when it was wanted first', () => {
    fc.assert(
      fc.property(anyThings, fc.infiniteStream(fc.boolean()), (things, isFinal) => {
        const order = orderOf(things, learned());
        const final = new Set<string>();
        for (const thing of things) {
          if (!isFinal.next().value) continue;
          final.add(thing.key);
          order.drop(thing);
          order.want({ ...thing, isFinal: true }, 0);
        }
        expect(order.size).toBe(things.length - final.size);
        for (const { key } of readAll(order, 4 * things.length)) expect(final).not.toContain(key);
      }),
    );
  });

  test('takes what was never seen before all that was, and what is certain to have changed before what may have', () => {
    const unseen = wanted('unseen', { seenAt: Number.NEGATIVE_INFINITY });
    const order = orderOf([
      wanted('seen', { seenAt: -3_600_000, looks: 1_000 }),
      wanted('ended', { seenAt: -1_000, changesAt: 5_000, looks: 1_000 }),
      unseen,
    ]);
    const next = (at: number) => order.next(at)?.wanted.key;
    expect(next(0)).toBe('unseen');
    order.drop(unseen);
    expect(next(4_999)).toBe('seen');
    expect(next(5_000)).toBe('ended');
  });

  test('takes what has most probably changed, by what was learned', () => {
    const evidence = learned();
    const young = wanted('young', { state: 'soon', sinceAt: -1_000, seenAt: -1_000 });
    const old = wanted('old', { state: 'soon', sinceAt: -1_800_000, seenAt: -60_000 });
    const order = orderOf([old, young, wanted('hardly', { state: 'hardly', seenAt: -600_000 })], evidence);
    expect(order.next(5_000)?.wanted.key).toBe('young');
    // Without it, the oldest.
    expect(orderOf([old, young]).next(5_000)?.wanted.key).toBe('old');
  });

  test('takes of two that change alike the one that is looked at more, until the other is much older', () => {
    const watched = wanted('watched', { looks: 40 });
    expect(orderOf([watched, wanted('touched', { seenAt: -1_000 })]).next(1_000)?.wanted.key).toBe('watched');
    expect(orderOf([watched, wanted('touched', { seenAt: -60_000 })]).next(1_000)?.wanted.key).toBe('touched');
  });

  test('takes nothing before it is due, and says when that is', () => {
    const patience = { leastMs: 5_000, mostMs: 60_000, worth: 0.01 };
    const evidence = learned();
    const dueAt = (more: Partial<Thing>) => orderOf([wanted('a', { patience, ...more })], evidence).nextDueAt();
    expect(dueAt({ state: 'often' })).toBe(5_000);
    expect(dueAt({ state: 'hardly' })).toBe(60_000);
    expect(dueAt({ state: 'hardly', changesAt: 7_000 })).toBe(7_000);
    expect(dueAt({ state: 'often', notBefore: 9_000 })).toBe(9_000);
    const order = orderOf([wanted('a', { patience, state: 'often' })], evidence);
    expect([order.next(4_999), order.next(5_000)?.wanted.key]).toEqual([undefined, 'a']);
  });

  test('keeps to all of this in any order of wanting, wanting otherwise and dropping', () => {
    const evidence = learned();
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      what: fc.constantFrom('want', 'drop', 'next' as const),
      ageMs: fc.integer({ min: 0, max: 100_000 }),
      looks: fc.integer({ min: 1, max: 100 }),
      notBefore: fc.constantFrom(Number.NEGATIVE_INFINITY, 0, 50_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const order = new Order<Thing>(evidence);
        const model = new Map<string, Thing>();
        for (const [n, { key, what, ageMs, looks, notBefore }] of steps.entries()) {
          const at = n * SECOND;
          const before = model.get(key);
          if (what !== 'next' && before !== undefined) order.drop(before);
          if (what === 'want') {
            const thing = wanted(key, { seenAt: at - ageMs, looks, notBefore, state: 'soon' });
            model.set(key, thing);
            order.want(thing, at);
          } else if (what === 'drop') {
            model.delete(key);
          } else {
            const due = [...model.values()].filter((thing) => thing.notBefore <= at);
            const next = order.next(at);
            expect(next === undefined).toBe(due.length === 0);
            if (next === undefined) continue;
            expect(due).toContain(next.wanted);
            const scores = due.map((thing) => orderOf([{ ...thing, place: undefined }], evidence).next(at)?.score ?? 0);
            // Of a group only the first is weighed: it is the best of it but for the width of a bin.
            expect(next.score).toBeGreaterThanOrEqual(0.25 * Math.max(...scores));
          }
          expect(order.size).toBe(model.size);
        }
      }),
    );
  });
});
