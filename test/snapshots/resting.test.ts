// What callers have seen for the first time becomes a wish when it may be read, and not before.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Entry } from '../../src/snapshots/entry.ts';
import { Resting } from '../../src/snapshots/resting.ts';
import { entryOf, newRefresher } from './refreshing.ts';
import { now, pass, refTo, useClock } from './source.ts';

test('what rests is found in the order in which it was added, whatever leaves meanwhile', () => {
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 700 }) }) },
    { weight: 1, arbitrary: fc.record({ keepEvery: fc.integer({ min: 2, max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ removeFirst: fc.integer({ min: 1, max: 900 }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const resting = new Resting({ leastMs: 10_000, mostMs: 120_000, worth: 0 });
      let model: Entry[] = [];
      let made = 0;
      const gone: Entry[] = [];
      const leave = (leaving: readonly Entry[]) => {
        for (const entry of leaving) expect(resting.remove(entry)).toBe(true);
        gone.push(...leaving);
        model = model.filter((entry) => !leaving.includes(entry));
      };
      for (const each of steps) {
        if ('add' in each) {
          for (let n = 0; n < each.add; n++) {
            const ref = refTo(`id-${made++}`);
            const entry = entryOf(ref, made);
            expect(resting.add(ref, entry, made)).toBe(true);
            model.push(entry);
          }
        } else if ('keepEvery' in each) leave(model.filter((_, n) => n % each.keepEvery !== 0));
        else leave(model.slice(0, each.removeFirst));
        expect(resting.size).toBe(model.length);
        expect(resting.first).toBe(model[0]);
        expect(model.every((entry) => resting.refOf(entry)?.key === entry.whole)).toBe(true);
        expect(gone.some((entry) => resting.has(entry) || resting.remove(entry))).toBe(false);
      }
      // A copy of one that rests does not rest.
      expect(model[0] !== undefined && resting.has({ ...model[0] })).toBe(false);
    }),
    { numRuns: 30 },
  );
});

test('the list is copied seldom where the first ones leave a list with as many gaps as it may have', () => {
  const resting = new Resting({ leastMs: 10_000, mostMs: 120_000, worth: 0 });
  const entries = Array.from({ length: 8_000 }, (_, n) => entryOf(refTo(`id-${n}`), n));
  for (const [n, entry] of entries.entries()) resting.add(refTo(`id-${n}`), entry, n);
  // Every other one of the first half stays, and of the second half the last ones.
  const staying = entries.filter((_, n) => (n < 4_000 ? n % 2 === 0 : n >= 6_500));
  for (const entry of new Set(entries).difference(new Set(staying))) resting.remove(entry);
  const copy = vi.spyOn(Array.prototype, 'slice');
  onTestFinished(() => copy.mockRestore());
  for (const entry of staying) resting.remove(entry);
  const copies = copy.mock.contexts.filter((list) => Array.isArray(list) && list.length > 1_000).length;
  copy.mockRestore();
  expect(resting.size).toBe(0);
  expect(copies).toBeLessThan(20);
});

describe('an invitation that a caller has seen for the first time', () => {
  beforeEach(() => {
    useClock();
  });
  afterEach(() => vi.useRealTimers());

  const one = refTo('one');

  test('is wanted, and read again by itself once that is due', async () => {
    const { refresher, read, see } = newRefresher();
    see(one, entryOf(one, now()), 1);
    expect(refresher.waiting()).toEqual({ wanted: 1, count: 0, longestMs: 0, lateMs: 0 });
    await pass(9_900);
    expect(read).toEqual([]);
    await pass(120_000);
    expect(read).toEqual(['one']);
  });

  test('is one wish when it is seen again', async () => {
    const { refresher, see } = newRefresher();
    for (let n = 0; n < 3; n++) {
      see(one, entryOf(one, now()), 1);
      await pass(1_000);
    }
    expect(refresher.wishes.size).toBe(1);
    expect(refresher.waiting()).toMatchObject({ wanted: 1, count: 0 });
  });

  test('is not wanted any more when it was forgotten', async () => {
    const { refresher, read, see } = newRefresher();
    const entry = entryOf(one, now());
    see(one, entry, 1);
    refresher.wishes.hold(one.key, undefined, entry);
    expect(refresher.wishes.size).toBe(0);
    await pass(150_000);
    expect(read).toEqual([]);
  });

  test('is read sooner where a stream begins to watch it, or a read is asked for', async () => {
    const { refresher, read, see } = newRefresher();
    const other = refTo('other');
    const [watched, asked] = [entryOf(one, now()), entryOf(other, now())];
    see(one, watched, 1);
    see(other, asked, 1);
    refresher.wishes.watch(one, watched, 1);
    refresher.wishes.force(other, asked);
    await pass(0);
    expect(read).toEqual(['other']);
    await pass(9_000);
    expect(read).toEqual(['other', 'one']);
  });

  test('has the looks of all that looked at it meanwhile when it is wished for', async () => {
    const { read, see, ask } = newRefresher([{ limit: 1, windowMs: 30_000 }]);
    const [often, once] = [refTo('often'), refTo('once')];
    see(once, entryOf(once, now()), 1);
    see(often, entryOf(often, now()), 1);
    for (let n = 0; n < 20; n++) ask({ ref: often, withExtras: false }, now());
    await pass(150_000);
    expect(read[0]).toBe('often');
  });

  test('is wished for at once where the process stood still until after it had rested', async () => {
    const clock = { aheadMs: 0, perLookMs: 1 };
    const tell = () => {
      clock.aheadMs += clock.perLookMs;
      return now() + clock.aheadMs;
    };
    const { refresher, see } = newRefresher(undefined, { now: tell });
    see(one, entryOf(one, now()), 1);
    clock.aheadMs += 60_000;
    clock.perLookMs = 0;
    const timers = vi.spyOn(globalThis, 'setTimeout');
    refresher.wishes.watch(refTo('other'), undefined, 1);
    expect(timers.mock.calls.map(([, delayMs]) => delayMs)).not.toContainEqual(expect.toSatisfy((ms) => ms < 0));
    timers.mockRestore();
  });

  test('is no longer wanted when the refresher is stopped', async () => {
    const { refresher, read, see } = newRefresher();
    see(one, entryOf(one, now()), 1);
    refresher.stop();
    see(refTo('other'), entryOf(refTo('other'), now()), 1);
    expect(refresher.wishes.size).toBe(0);
    await pass(150_000);
    expect(read).toEqual([]);
  });
});
