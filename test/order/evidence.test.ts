// What is learned from reads about how soon states change.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Evidence } from '../../src/order/evidence.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Numbers by chance, the same ones each time. */
function chance(): () => number {
  let seed = 1;
  return () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
}

/** Reads each of many states every so often until it has changed, which it does after a time that `changesIn` says. */
function watch(evidence: Evidence, everyMs: number, changesIn: () => number, count = 2_000, at = 0): void {
  for (let n = 0; n < count; n++) {
    const changesAt = changesIn();
    for (let ageMs = 0; ageMs < 3 * HOUR; ageMs += everyMs) {
      const toMs = ageMs + everyMs;
      const hasChanged = changesAt < toMs;
      evidence.note({ state: 'SENT', fromMs: ageMs, toMs, hasChanged, at });
      if (hasChanged) break;
    }
  }
}

describe('evidence', () => {
  test.each([
    [1_000, 300],
    [10_000, 2_000],
    [60_000, 2_000],
  ])('of changes that know no time gives their rate at any age, read every %i ms', (everyMs, count) => {
    const evidence = new Evidence();
    const random = chance();
    watch(evidence, everyMs, () => -600_000 * Math.log(1 - random()), count);
    for (const ageMs of [everyMs, 5 * MINUTE, 20 * MINUTE]) {
      const expected = evidence.expected('SENT', ageMs, ageMs + MINUTE) / (MINUTE / 600_000);
      expect(expected).toBeGreaterThan(0.75);
      expect(expected).toBeLessThan(1.33);
    }
  });

  test('of changes that mostly come soon gives them at their age', () => {
    const evidence = new Evidence();
    const random = chance();
    // Half of them within half a minute, a fifth never.
    watch(evidence, 10_000, () => (random() < 0.2 ? Number.POSITIVE_INFINITY : 60_000 * random()));
    const soon = evidence.expected('SENT', 10_000, 20_000);
    const late = evidence.expected('SENT', HOUR, HOUR + 10_000);
    expect(soon).toBeGreaterThan(100 * late);
  });

  test('fades: what has become slow is taken for slow within an hour', () => {
    const evidence = new Evidence();
    watch(evidence, 10_000, () => 20_000, 500, 0);
    const before = evidence.expected('SENT', 10_000, 20_000);
    for (let at = 0; at < HOUR; at += MINUTE) watch(evidence, 10_000, () => 10 * MINUTE, 8, at);
    expect(evidence.expected('SENT', 10_000, 20_000)).toBeLessThan(before / 2);
    // And it goes on for days without numbers that are none.
    watch(evidence, 10_000, () => 20_000, 100, 1_000 * HOUR);
    expect(evidence.expected('SENT', 10_000, 20_000)).toBeGreaterThan(before / 3);
  });

  test('gives the age until which so many changes are expected', () => {
    const evidence = new Evidence();
    const random = chance();
    watch(evidence, 10_000, () => -100_000 * Math.log(1 - random()));
    fc.assert(
      fc.property(
        fc.constantFrom('SENT', 'unknown'),
        fc.double({ min: 0, max: 1e8, noNaN: true }),
        fc.double({ min: 1e-6, max: 5, noNaN: true }),
        (state, fromMs, changes) => {
          const toMs = evidence.ageAt(state, fromMs, changes);
          expect(evidence.expected(state, fromMs, toMs)).toBeCloseTo(changes, 6);
        },
      ),
    );
  });

  test('only ever expects more changes of a longer time, for any findings', () => {
    const age = fc.double({ min: -1e5, max: 1e9, noNaN: true });
    const finding = fc.record({
      state: fc.constantFrom('a', 'b'),
      fromMs: age,
      toMs: age,
      hasChanged: fc.boolean(),
      at: fc.double({ min: 0, max: 1e10, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(finding), age, age, age, (findings, ...ages) => {
        const evidence = new Evidence();
        for (const each of findings) evidence.note(each);
        const [from = 0, middle = 0, to = 0] = ages.toSorted((a, b) => a - b);
        const [first, whole] = [evidence.expected('a', from, middle), evidence.expected('a', from, to)];
        expect(first).toBeGreaterThanOrEqual(0);
        expect(whole).toBeGreaterThanOrEqual(first - 1e-9);
        expect(whole).toBeLessThan(Number.POSITIVE_INFINITY);
      }),
    );
  });

  test('keeps apart 31 classes, and takes all further ones together', () => {
    const evidence = new Evidence();
    for (let n = 0; n < 100; n++) {
      for (let times = 0; times < 20; times++) {
        evidence.note({ state: `state ${n}`, fromMs: 0, toMs: MINUTE, hasChanged: n === 0 || n === 99, at: 0 });
      }
    }
    const rate = (state: string) => evidence.expected(state, 0, MINUTE);
    expect(rate('state 0')).toBeGreaterThan(10 * rate('state 1'));
    expect(rate('state 99')).toBe(rate('state 50'));
    expect(Object.keys(evidence.save(0))).toHaveLength(32);
  });

  test('is the same after it was saved and loaded, and less of it after some time', () => {
    const [evidence, later, soon] = [new Evidence(), new Evidence(), new Evidence()];
    const random = chance();
    watch(evidence, 10_000, () => -100_000 * Math.log(1 - random()), 200, 5 * HOUR);
    const saved = JSON.parse(JSON.stringify(evidence.save(5 * HOUR)));
    // On another clock.
    soon.load(saved, 7, 0);
    later.load(saved, 7, 10 * HOUR);
    const rate = (one: Evidence) => one.expected('SENT', 20_000, 30_000);
    expect(rate(soon) / rate(evidence)).toBeCloseTo(1, 2);
    expect(rate(later)).toBeLessThan(rate(evidence) * 0.9);
    expect(JSON.stringify(saved).length).toBeLessThan(1_000);
  });
});
