// What is shared and what is not: reads with and without ICS, invitations, memory.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProviderNotConfigured, ProviderUnavailable } from '../../src/invitation/problem.ts';
import { FRESHNESS } from '../../src/snapshots/freshness.ts';
import { createSnapshots } from '../../src/snapshots/snapshots.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { smartInviteRef } from '../refs.ts';
import {
  board,
  createFakeSource,
  type FakeSource,
  inviteTo,
  pass,
  passUnread,
  refTo,
  review,
  snapshotsOf,
  useClock,
} from './source.ts';

let source: FakeSource;
let ask: ReturnType<typeof snapshotsOf>['ask'];

beforeEach(async () => {
  useClock();
  // What is kept at the moment 0 is never forgotten.
  await pass(1);
  source = createFakeSource();
  ask = snapshotsOf(source).ask;
});
afterEach(() => vi.useRealTimers());

const plainOrWithIcalendar: FakeSource['answer'] = (ref, { withExtras }) =>
  withExtras ? inviteTo(ref, 'with ICS', { icalendar: 'BEGIN:VCALENDAR' }) : inviteTo(ref, 'plain');
const later =
  (ms: number, answer: FakeSource['answer']): FakeSource['answer'] =>
  async (ref, read) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return answer(ref, read);
  };
const asked = () => source.reads.map(({ withExtras }) => (withExtras ? 'with ICS' : 'plain'));

test('a read with ICS answers a caller without, and a read without ICS does not answer a caller with', async () => {
  source.answer = plainOrWithIcalendar;
  expect(await ask(board, { withExtras: true })).toBe('with ICS 0');
  expect(await ask(board)).toBe('with ICS 0');
  expect(asked()).toEqual(['with ICS']);
  await pass(61_000);
  expect(await ask(board)).toBe('plain 0');
  expect(await ask(board, { withExtras: true })).toBe('with ICS 0');
  expect(asked()).toEqual(['with ICS', 'plain', 'with ICS']);
});

test('a read with ICS fulfils the wish to read the same without', async () => {
  source = createFakeSource([{ limit: 10, windowMs: 10_000 }]);
  ask = snapshotsOf(source).ask;
  source.answer = plainOrWithIcalendar;
  await ask(board);
  await pass(20_000);
  // Nine tenths are used up: the wish must wait, and a caller need not.
  while (source.quota.takeSpare(BACKGROUND) === 0);
  expect(await ask(board)).toBe('plain 20000');
  expect(await ask(board, { withExtras: true })).toBe('with ICS 0');
  await pass(30_000);
  expect(asked()).toEqual(['plain', 'with ICS']);
});

test('a review invitation has one read, whether ICS is selected beside it or not', async () => {
  expect(await Promise.all([ask(), ask(refTo('one'), { withExtras: true })])).toEqual(['SENT 0', 'SENT 0']);
  expect(asked()).toEqual(['plain']);
  await pass(5_000);
  expect(await ask(refTo('one'), { withExtras: true })).toBe('SENT 5000');
  expect(source.reads).toHaveLength(1);
});

test('a read of one invitation answers no other', async () => {
  const refs = [
    refTo('one'),
    refTo('two'),
    board,
    smartInviteRef('US', 'board', 'a@example.com'),
    smartInviteRef('US', 'board', 'b@example.com'),
    smartInviteRef('DE', 'board', null),
  ];
  const statuses = ['CREATED', 'SENT', 'pending', 'accepted', 'tentative', 'declined'];
  source.answer = (ref) => {
    const n = refs.findIndex(({ key }) => key === ref.key);
    if (n < 2) return review(ref, n === 0 ? 'CREATED' : 'SENT');
    return inviteTo(ref, statuses[n] ?? '');
  };
  for (const time of ['first', 'second']) {
    const given: unknown[] = [];
    for (const ref of refs) given.push(await ask(ref));
    expect(given, time).toEqual(statuses.map((status) => `${status} 0`));
  }
  expect(source.reads.map(({ ref }) => ref)).toEqual(refs);
});

test('a recipient with the name "... with ICS" does not share the read with ICS', async () => {
  source.answer = plainOrWithIcalendar;
  const named = (recipientEmail: string) => smartInviteRef('US', 'board', recipientEmail);
  expect(await ask(named('a@example.com'), { withExtras: true })).toBe('with ICS 0');
  expect(await ask(named('a@example.com with ICS'))).toBe('plain 0');
  expect(asked()).toEqual(['with ICS', 'plain']);
});

test('a read in flight with ICS answers a caller that wants none', async () => {
  source.answer = later(500, plainOrWithIcalendar);
  const both = [ask(board, { withExtras: true }), ask(board)];
  await pass(500);
  expect(await Promise.all(both)).toEqual(['with ICS 0', 'with ICS 0']);
  expect(asked()).toEqual(['with ICS']);
});

test('a read in flight without ICS does not answer a caller that wants it', async () => {
  source.answer = later(500, plainOrWithIcalendar);
  const both = [ask(board), ask(board, { withExtras: true })];
  await pass(500);
  expect(await Promise.all(both)).toEqual(['plain 0', 'with ICS 0']);
  expect(asked()).toEqual(['plain', 'with ICS']);
});

test('an invitation with its ICS is kept once, for callers that want it and callers that do not', async () => {
  const icalendar = 'x'.repeat(20_000);
  source.answer = (ref) => inviteTo(ref, 'pending', { icalendar });
  // Room for one ICS, and not for two.
  ask = snapshotsOf(source, { maxBytes: 30_000 }).ask;
  for (let n = 0; n < 2; n++) {
    expect(await ask(board, { withExtras: true })).toBe('pending 0');
    expect(await ask(board)).toBe('pending 0');
  }
  expect(asked()).toEqual(['with ICS']);
  await ask(smartInviteRef('US', 'other', null), { withExtras: true });
  await ask(board, { withExtras: true });
  expect(asked()).toEqual(['with ICS', 'with ICS', 'with ICS']);
});

test('a newer read without ICS is not hidden by an older one with it', async () => {
  source.answer = plainOrWithIcalendar;
  expect(await ask(board, { withExtras: true })).toBe('with ICS 0');
  await pass(5_000);
  expect(await ask(board, { maxAgeMs: 0 })).toBe('plain 0');
  expect(await ask(board)).toBe('plain 0');
  expect(await ask(board, { maxAgeMs: 60_000 })).toBe('plain 0');
  // A caller that selects the ICS gets no older state than the known one: another read follows.
  expect(await ask(board, { withExtras: true })).toBe('with ICS 0');
  expect(asked()).toEqual(['with ICS', 'plain', 'with ICS']);
});

test('at most maxEntries are kept, and the least recently used go first', async () => {
  ask = snapshotsOf(source, { maxEntries: 2 }).ask;
  for (const id of ['one', 'two', 'one', 'three', 'one', 'two']) await ask(refTo(id));
  expect(source.reads.map(({ ref }) => ref)).toEqual(['one', 'two', 'three', 'two'].map(refTo));
});

test('at most maxBytes are kept', async () => {
  ask = snapshotsOf(source, { maxBytes: 28_000 }).ask;
  const ids = Array.from({ length: 100 }, (_, n) => `${n} ${'x'.repeat(500)}`);
  for (const id of [...ids, ...ids.toReversed()]) await ask(refTo(id));
  const again = source.reads.length - 100;
  expect(again).toBeGreaterThan(70);
  expect(again).toBeLessThan(100);
});

test('an answer that may be given as stale is kept, though it is no longer fresh', async () => {
  ask = snapshotsOf(source, { finalMs: 30_000 }).ask;
  await ask();
  await passUnread(source, 500_000);
  source.answer = () => Promise.reject(new ProviderUnavailable('PARTOO'));
  expect(await ask()).toBe('SENT 500000 stale');
});

test('what no caller has asked for in `finalMs` is forgotten, and what one has asked for is not', async () => {
  const HOUR = 3_600_000;
  const { snapshots, ask } = snapshotsOf(source, { finalMs: HOUR });
  source.answer = (ref) => review(ref, 'DELIVERED');
  await ask(refTo('asked for'));
  await ask(refTo('left'));
  await pass(HOUR);
  expect(await ask(refTo('asked for'))).toBe(`DELIVERED ${HOUR}`);
  await pass(120_001);
  expect(snapshots.peek(refTo('asked for'))).not.toBeNull();
  expect(snapshots.peek(refTo('left'))).toBeNull();
});

test('an invitation of a kind without a source gives PROVIDER_NOT_CONFIGURED', async () => {
  const snapshots = createSnapshots(new Map(), { ...FRESHNESS, maxEntries: 1, maxBytes: 1 });
  const wish = { withExtras: false, maxAgeMs: null, caller: new Cancellation(), callerId: 'caller' };
  await expect(snapshots.read(board, wish)).rejects.toBeInstanceOf(ProviderNotConfigured);
});
