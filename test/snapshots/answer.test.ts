// What is answered at once, without a promise: exactly what a read would give without waiting, on a clock that the test
// sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProviderUnavailable } from '../../src/invitation/problem.ts';
import { FRESHNESS } from '../../src/snapshots/freshness.ts';
import { createSnapshots } from '../../src/snapshots/snapshots.ts';
import {
  board,
  createFakeSource,
  type FakeSource,
  invite,
  now,
  pass,
  passUnread,
  refTo,
  review,
  seenElsewhere,
  snapshotsOf,
  useClock,
} from './source.ts';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

let source: FakeSource;
let all: ReturnType<typeof snapshotsOf>;
/** How often the clock was read. */
let looks: number;

beforeEach(() => {
  useClock();
  source = createFakeSource();
  looks = 0;
  all = snapshotsOf(source, {
    now: () => {
      looks += 1;
      return now();
    },
  });
});
afterEach(() => vi.useRealTimers());

const one = refTo('one');

/** In short, as `ask` says it; `read it` where it has to be read. */
function answer(maxAgeMs: number | null = null): string | null {
  const given = all.snapshots.answer(one, false, maxAgeMs);
  if (given === undefined) return 'read it';
  if (given === null) return null;
  return `${given.type === 'ReviewInvitation' && given.deliveryStatus}${given.staleness === null ? '' : ' stale'}`;
}

describe.each<[string, number, number | null, string]>([
  ['is fresh', 10 * SECOND, null, 'SENT'],
  ['is old but refreshed in the background', 60 * SECOND, null, 'SENT'],
  ['is too old to be given at once', 60 * SECOND + 1, null, 'read it'],
  ['is as old as the caller allows', 300 * SECOND, 300 * SECOND, 'SENT'],
  ['is older than the caller allows', 5 * SECOND, 5 * SECOND - 1, 'read it'],
  ['is not allowed by maxAgeMs 0', 0, 0, 'read it'],
])('an answer that %s', (_, ageMs, maxAgeMs, expected) => {
  test(`after ${ageMs} ms with maxAgeMs ${maxAgeMs ?? 'none'}: ${expected}`, async () => {
    await all.ask();
    await passUnread(source, ageMs);
    // The first looks are told to those who decide what is read next.
    for (let n = 0; n < 2; n++) answer(maxAgeMs);
    looks = 0;
    expect(answer(maxAgeMs)).toBe(expected);
    if (ageMs <= 10 * SECOND) expect(looks).toBe(1);
    // A caller without an answer gets one by a read.
    source.answer = () => review(one, 'CREATED');
    const read = await all.ask(one, maxAgeMs === null ? {} : { maxAgeMs });
    expect(read).toMatch(expected === 'read it' ? /^CREATED 0$/ : /^SENT \d+$/);
  });
});

test('an unknown invitation gives no answer without a read', () => {
  expect(answer()).toBe('read it');
  expect(answer(300 * SECOND)).toBe('read it');
  expect(looks).toBe(0);
});

test('"not found" is an answer for five seconds', async () => {
  source.answer = () => null;
  await all.ask();
  expect(answer()).toBeNull();
  await pass(5 * SECOND);
  expect(answer()).toBeNull();
  expect(answer(300 * SECOND)).toBeNull();
  await pass(1);
  expect(answer()).toBe('read it');
  expect(answer(300 * SECOND)).toBe('read it');
});

test('a final state is fresh for a day', async () => {
  source.answer = () => review(one, 'DELIVERED');
  await all.ask();
  await pass(DAY);
  expect(answer()).toBe('DELIVERED');
  await pass(1);
  expect(answer()).toBe('read it');
});

test('an old answer is refreshed once in the background, however often it is given', async () => {
  await all.ask();
  await pass(20 * SECOND);
  source.answer = () => review(one, 'CREATED');
  for (let n = 0; n < 100; n++) expect(answer()).toBe('SENT');
  await pass(1);
  expect(answer()).toBe('CREATED');
  expect(source.reads.map(({ payment }) => payment)).toEqual(['caller', 'prepaid']);
});

test('an old answer is marked as stale once a refresh has failed, and a fresh answer is not', async () => {
  await all.ask();
  source.answer = () => Promise.reject(new ProviderUnavailable('PARTOO'));
  await pass(5 * SECOND);
  expect(await all.ask(one, { maxAgeMs: 0 })).toBe('SENT 5000 stale');
  expect(answer()).toBe('SENT');
  await pass(15 * SECOND);
  expect(answer()).toBe('SENT stale');
});

test('one with ICS is given with and without the wish for it, one without ICS only without that wish, and a kind that has none in both cases', async () => {
  source.answer = (ref, { withExtras }) =>
    ref.type === 'SmartInvite' ? invite('pending', withExtras ? { icalendar: 'BEGIN' } : {}) : review(one, 'SENT');
  await all.ask(board);
  expect(all.snapshots.answer(board, false, null)).toMatchObject({ attachments: null });
  expect(all.snapshots.answer(board, true, null)).toBeUndefined();
  await all.ask(board, { withExtras: true });
  expect(all.snapshots.answer(board, true, null)).toMatchObject({ attachments: { icalendar: 'BEGIN' } });
  expect(all.snapshots.answer(board, false, null)).toBe(all.snapshots.answer(board, true, null));
  await all.ask(one);
  expect(all.snapshots.answer(one, true, null)).toBe(all.snapshots.answer(one, false, null));
});

test('an invitation of an unconfigured kind has no answer, though another process has shared it', () => {
  const snapshots = createSnapshots(new Map(), { ...FRESHNESS, maxEntries: 10, maxBytes: 100_000 });
  snapshots.adopt(seenElsewhere(one, review(one, 'SENT')));
  expect(snapshots.peek(one)).not.toBeNull();
  expect(snapshots.answer(one, false, null)).toBeUndefined();
});

test('a state that was learnt during a read is not marked as stale by the failure of that read', async () => {
  all = snapshotsOf(source, { freshMs: 0 });
  await all.ask();
  await pass(1);
  source.answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 2 * SECOND));
    throw new ProviderUnavailable('PARTOO');
  };
  expect(answer()).toBe('SENT');
  await pass(SECOND);
  all.snapshots.adopt(seenElsewhere(one, review(one, 'CREATED')));
  await pass(SECOND);
  expect(source.reads).toHaveLength(2);
  expect(answer()).toBe('CREATED');
});
