// When what is looked at, or watched by streams, is read again by itself while there is quota for all: on a clock that the
// test sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ref } from '../../src/invitation/ref.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import {
  board,
  createFakeSource,
  type FakeSource,
  invite,
  now,
  pass,
  refTo,
  review,
  seenElsewhere,
  snapshotsOf,
  useClock,
} from './source.ts';

const SECOND = 1_000;
const one = refTo('one');

let source: FakeSource;
let isNotified: boolean;
let all: ReturnType<typeof snapshotsOf>;

beforeEach(() => {
  useClock();
  source = createFakeSource();
  isNotified = false;
  all = snapshotsOf(source, { isNotified: () => isNotified });
});
afterEach(() => vi.useRealTimers());

/** At which seconds it was read, since the test began. */
const secondsOf = (ref: Ref = one) =>
  source.reads.filter((read) => read.ref.key === ref.key).map(({ atMs }) => Math.round((atMs - beganAt) / SECOND));
let beganAt: number;
beforeEach(() => {
  beganAt = performance.now();
});

describe('an invitation that a stream watches', () => {
  test('is read within ten seconds, then ever more slowly while nothing changes, and once a minute at last', async () => {
    const others = Array.from({ length: 100 }, (_, n) => refTo(`other-${n}`));
    for (const ref of [one, ...others]) {
      await all.ask(ref);
      all.snapshots.watch(ref, 1);
    }
    await pass(1_800 * SECOND);
    const gaps = secondsOf().map((second, n, seconds) => second - (seconds[n - 1] ?? 0));
    expect(gaps[1]).toBeGreaterThanOrEqual(5);
    expect(gaps[1]).toBeLessThanOrEqual(10);
    expect(gaps.at(-1)).toBe(60);
    expect(gaps.length).toBeLessThan(60);
  });

  test('that was not read when the stream began is read after five seconds', async () => {
    all.snapshots.watch(one, 1);
    await pass(4_999);
    expect(secondsOf()).toEqual([]);
    await pass(1);
    expect(secondsOf()).toEqual([5]);
  });

  test('is read soon again after changes have been found soon after others', async () => {
    const { snapshots } = all;
    let words = 0;
    source.answer = (ref) => {
      words += 1;
      return { ...review(ref, 'SENT'), rawStatus: `word ${words % 2}` };
    };
    await all.ask();
    snapshots.watch(one, 1);
    await pass(600 * SECOND);
    const gaps = secondsOf().map((second, n, seconds) => second - (seconds[n - 1] ?? 0));
    expect(gaps.at(-1)).toBeLessThanOrEqual(6);
  });

  test('and of which the provider tells is read every five minutes only, until it tells nothing any more', async () => {
    isNotified = true;
    await all.ask();
    all.snapshots.watch(one, 1);
    await pass(1_000 * SECOND);
    expect(secondsOf()).toEqual([0, 300, 600, 900]);
    isNotified = false;
    all.snapshots.reconsider(one);
    await pass(60 * SECOND);
    expect(secondsOf().at(-1)).toBeGreaterThanOrEqual(1_000);
  });

  test('is read no more after it has become final, and when the last stream has left and no caller has looked for ten minutes', async () => {
    await all.ask();
    await all.ask(refTo('two'));
    for (const ref of [one, refTo('two')]) all.snapshots.watch(ref, 1);
    await pass(60 * SECOND);
    source.answer = (ref) => review(ref, ref === one ? 'SENT' : 'DELIVERED');
    all.snapshots.watch(one, -1);
    await pass(700 * SECOND);
    const before = source.reads.length;
    await pass(3_600 * SECOND);
    expect(source.reads).toHaveLength(before);
  });
});

test('an invitation that was not found is read on for a stream that watches it, and otherwise where a read of it is wanted', async () => {
  source.answer = () => null;
  all.snapshots.watch(one, 1);
  const other = refTo('other');
  await all.ask(other);
  await pass(600 * SECOND);
  const gaps = secondsOf().map((second, n, seconds) => second - (seconds[n - 1] ?? 0));
  expect(gaps[0]).toBe(5);
  expect(gaps.length).toBeGreaterThanOrEqual(10);
  expect(gaps.length).toBeLessThanOrEqual(100);
  expect(secondsOf(other)).toEqual([0]);
  source.answer = (ref) => review(ref, 'SENT');
  all.snapshots.want(other);
  await pass(60 * SECOND);
  expect([one, other].map((ref) => all.snapshots.peek(ref)?.rawStatus)).toEqual(['SENT', 'SENT']);
});

describe('an invitation that a caller has looked at', () => {
  test('is read again by itself, not sooner than it is old, for ten minutes', async () => {
    await all.ask();
    await pass(3_600 * SECOND);
    const [, second = 0, ...rest] = secondsOf();
    expect(second).toBeGreaterThan(10);
    expect(second).toBeLessThanOrEqual(120);
    expect(rest.at(-1)).toBeLessThanOrEqual(720);
  });

  test('and looks at now and then is still wanted after ten minutes without quota, also when a notification has come', async () => {
    const refs = ['one', 'two', 'three', 'four'].map(refTo);
    for (const ref of refs) await all.ask(ref);
    source.quota.close(700 * SECOND);
    for (const waitMs of [SECOND, SECOND, 498 * SECOND]) {
      await pass(waitMs);
      for (const ref of refs) all.snapshots.answer(ref, false, 3_600_000);
    }
    await pass(150 * SECOND);
    for (const ref of refs) all.snapshots.hear(ref, now(), false);
    await pass(60 * SECOND);
    for (const ref of refs) expect(secondsOf(ref)).toHaveLength(2);
  });

  test('is read as soon as its event is over', async () => {
    const endsAt = new Date(Date.now() + 45 * SECOND).toISOString();
    source.answer = () => invite('pending', { endsAt });
    await all.ask(board);
    await pass(600 * SECOND);
    expect(secondsOf(board)).toEqual([0, 45]);
  });

  test('comes after one that ten streams watch, also where it is older', async () => {
    source = createFakeSource([{ limit: 1, windowMs: 20_000 }]);
    all = snapshotsOf(source);
    const watched = refTo('watched');
    const read = (ref = one) =>
      all.snapshots.read(ref, { withExtras: false, maxAgeMs: null, caller: new Cancellation(), callerId: ref.key });
    await read();
    await pass(20 * SECOND);
    await read(watched);
    all.snapshots.watch(watched, 10);
    await pass(19 * SECOND);
    // A caller looks at the older one; there is quota for one of the two.
    all.snapshots.answer(one, false, null);
    await pass(1 * SECOND);
    expect(source.reads.map(({ ref }) => ref)).toEqual([one, watched, watched]);
  });
});

test('that an event is over is no change that is learned of', async () => {
  const endsAt = new Date(Date.now() + 45 * SECOND).toISOString();
  source.answer = () => invite('pending', { endsAt });
  await all.ask(board);
  await pass(600 * SECOND);
  expect(all.snapshots.peek(board)).toMatchObject({ isFinal: true });
  expect(all.snapshots.learning.get('SmartInvite')?.foresight).toMatchObject({ reads: 1, changed: 0 });
});

test('what another process has known for longer is no change that is learned of', async () => {
  await all.ask();
  for (let n = 1; n <= 50; n++) {
    await pass(SECOND);
    all.snapshots.adopt({ ...seenElsewhere(one, review(one, 'SENT')), sinceAt: beganAt - n });
  }
  const learned = all.snapshots.learning.get('ReviewInvitation')?.evidence.save(now());
  expect(Object.values(learned ?? {}).flatMap(({ changes }) => changes.filter((count) => count > 0))).toEqual([]);
  expect(Object.keys(learned ?? {})).toEqual(['ReviewInvitation SENT']);
});

test('what reads found is held against what was expected', async () => {
  await all.ask();
  all.snapshots.watch(one, 1);
  await pass(600 * SECOND);
  const before = all.snapshots.learning.get('ReviewInvitation')?.foresight;
  expect(before).toMatchObject({ reads: source.reads.length - 1, changed: 0 });
  expect(before?.expected).toBeGreaterThan(0);
  expect(before?.expected).toBeLessThan(1);
  source.answer = (ref) => review(ref, 'DELIVERED');
  await pass(120 * SECOND);
  expect(all.snapshots.learning.get('ReviewInvitation')?.foresight).toMatchObject({ changed: 1 });
});
