// Answers of other processes: which callers accept them, and what is shared, on a clock that the test sets.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Ref } from '../../src/invitation/ref.ts';
import type { SharedSnapshot } from '../../src/snapshots/codec.ts';
import {
  board,
  createFakeSource,
  type FakeSource,
  invite,
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
let all: ReturnType<typeof snapshotsOf>;
/** What others have seen of anything. */
let seen: SharedSnapshot | undefined;
let finds: Ref[];
let told: SharedSnapshot[];

beforeEach(() => {
  useClock();
  source = createFakeSource();
  seen = undefined;
  finds = [];
  told = [];
  all = snapshotsOf(source, {
    shared: {
      async find(ref) {
        finds.push(ref);
        await new Promise((resolve) => setTimeout(resolve, 10));
        return seen;
      },
      claim: async () => true,
      share: (snapshot) => void told.push(snapshot),
      hear: () => {},
    },
  });
});
afterEach(() => vi.useRealTimers());

const sawReview = (status: 'CREATED' | 'DELIVERED') => seenElsewhere(one, review(one, status));

test('many callers at the same time cause one lookup at the other processes', async () => {
  seen = sawReview('CREATED');
  await pass(5 * SECOND);
  const answers = Promise.all(Array.from({ length: 100 }, () => all.ask(one)));
  await pass(10);
  expect(new Set(await answers)).toEqual(new Set(['CREATED 5010']));
  expect([finds.length, source.reads.length]).toEqual([1, 0]);
});

test('many callers cause one read where the other processes know nothing', async () => {
  const answers = Promise.all(Array.from({ length: 100 }, () => all.ask(one)));
  await pass(10);
  expect(new Set(await answers)).toEqual(new Set(['SENT 0']));
  expect([finds.length, source.reads.length]).toEqual([1, 1]);
});

test('each caller takes it or not by its own wish, whichever asked first', async () => {
  seen = sawReview('CREATED');
  await pass(5 * SECOND);
  const answers = [all.ask(one), all.ask(one, { maxAgeMs: 6 * SECOND }), all.ask(one, { maxAgeMs: 4 * SECOND })];
  await pass(10);
  expect(await Promise.all(answers)).toEqual(['CREATED 5010', 'CREATED 5010', 'SENT 0']);
  expect([finds.length, source.reads.length]).toEqual([1, 1]);
});

test('a caller that wants the provider’s own answer does not ask other processes', async () => {
  seen = sawReview('CREATED');
  expect(await all.ask(one, { maxAgeMs: 0 })).toBe('SENT 0');
  expect(finds).toEqual([]);
});

test('an ICS is neither looked up nor shared', async () => {
  source.answer = (_, { withExtras }) => invite('pending', withExtras ? { icalendar: 'BEGIN' } : {});
  expect(await all.ask(board, { withExtras: true })).toBe('pending 0');
  expect(finds).toEqual([]);
  expect(told.map(({ invitation }) => invitation)).toEqual([invite('pending')]);
});

test('an invitation that another process has read since it was wanted is not read again', async () => {
  source.answer = () => invite('pending');
  const first = all.ask(board);
  await pass(10);
  expect(await first).toBe('pending 0');
  await pass(20 * SECOND);
  // Nothing is left for background work: the wish must wait.
  source.quota.close(5 * SECOND);
  expect(await all.ask(board)).toBe('pending 20000');
  await pass(SECOND);
  all.snapshots.adopt(seenElsewhere(board, invite('accepted')));
  await pass(8 * SECOND);
  expect(await all.ask(board)).toBe('accepted 8000');
  expect(source.reads).toHaveLength(1);
});

test('a caller that waits and may have the old answer gets a newer one of another process', async () => {
  const first = all.ask(one);
  await pass(10);
  expect(await first).toBe('SENT 0');
  await pass(70 * SECOND);
  source.answer = () => new Promise(() => {});
  const second = all.ask(one);
  await pass(SECOND / 2);
  all.snapshots.adopt(sawReview('DELIVERED'));
  await pass(SECOND / 2);
  expect(await second).toBe('DELIVERED 500');
});
