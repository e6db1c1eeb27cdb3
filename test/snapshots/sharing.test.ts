// What is shared and what is not: reads with and without ICS, invitations, memory.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProviderNotConfigured } from '../../src/invitation/problem.ts';
import { smartInviteRef } from '../../src/invitation/ref.ts';
import { FRESHNESS } from '../../src/snapshots/freshness.ts';
import { createSnapshots } from '../../src/snapshots/snapshots.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { board, createFakeSource, type FakeSource, invite, pass, refTo, snapshotsOf, useClock } from './source.ts';

let source: FakeSource;
let ask: ReturnType<typeof snapshotsOf>['ask'];

beforeEach(() => {
  useClock();
  source = createFakeSource();
  ask = snapshotsOf(source).ask;
});
afterEach(() => vi.useRealTimers());

const plainOrWithIcalendar: FakeSource['answer'] = (_, { withIcalendar }) =>
  withIcalendar ? invite('with ICS', { icalendar: 'BEGIN:VCALENDAR' }) : invite('plain');
const asked = () => source.reads.map(({ withIcalendar }) => (withIcalendar ? 'with ICS' : 'plain'));

test('a read with ICS answers one without, and not the other way round', async () => {
  source.answer = plainOrWithIcalendar;
  expect(await ask(board, { withIcalendar: true })).toBe('with ICS 0');
  expect(await ask(board)).toBe('with ICS 0');
  expect(asked()).toEqual(['with ICS']);
  await pass(61_000);
  expect(await ask(board)).toBe('plain 0');
  expect(await ask(board, { withIcalendar: true })).toBe('with ICS 0');
  expect(asked()).toEqual(['with ICS', 'plain', 'with ICS']);
});

test('a read with ICS takes back the wish to read the same without', async () => {
  source = createFakeSource([{ limit: 10, windowMs: 10_000 }]);
  ask = snapshotsOf(source).ask;
  source.answer = plainOrWithIcalendar;
  await ask(board);
  await pass(20_000);
  // Nine tenths are used up: the wish must wait, and a caller need not.
  while (source.quota.takeInBackground() === 0);
  expect(await ask(board)).toBe('plain 20000');
  expect(await ask(board, { withIcalendar: true })).toBe('with ICS 0');
  await pass(30_000);
  expect(asked()).toEqual(['plain', 'with ICS']);
});

test('of a review invitation there is one read, whether ICS is selected beside it or not', async () => {
  await ask();
  await pass(5_000);
  expect(await ask(refTo('one'), { withIcalendar: true })).toBe('SENT 5000');
  expect(source.reads).toHaveLength(1);
});

test('what is read of one invitation is given for no other', async () => {
  await ask(refTo('one'));
  await ask(refTo('two'));
  source.answer = () => invite('pending');
  await ask(board);
  await ask(smartInviteRef('US', 'board', 'a@example.com'));
  await ask(smartInviteRef('US', 'board', 'b@example.com'));
  await ask(smartInviteRef('DE', 'board', null));
  expect(source.reads).toHaveLength(6);
});

test('no name of a recipient makes a read with ICS out of one without', async () => {
  source.answer = plainOrWithIcalendar;
  const named = (recipientEmail: string) => smartInviteRef('US', 'board', recipientEmail);
  expect(await ask(named('a@example.com'), { withIcalendar: true })).toBe('with ICS 0');
  expect(await ask(named('a@example.com with ICS'))).toBe('plain 0');
  expect(asked()).toEqual(['with ICS', 'plain']);
});

test('what answers a read without ICS holds on to none', async () => {
  source.answer = plainOrWithIcalendar;
  const { snapshots } = snapshotsOf(source);
  const wish = { maxAgeMs: null, caller: new Cancellation() };
  await snapshots.read(board, { ...wish, withIcalendar: true });
  expect(snapshots.answer(board, true, null)).toMatchObject({ attachments: { icalendar: 'BEGIN:VCALENDAR' } });
  expect(snapshots.answer(board, false, null)).toMatchObject({
    recipient: { rawStatus: 'with ICS' },
    attachments: null,
  });
});

test('no more than maxEntries are remembered, and those not asked for go first', async () => {
  ask = snapshotsOf(source, { maxEntries: 2 }).ask;
  for (const id of ['one', 'two', 'one', 'three', 'one', 'two']) await ask(refTo(id));
  expect(source.reads.map(({ ref }) => ref)).toEqual(['one', 'two', 'three', 'two'].map(refTo));
});

test('no more than maxBytes are remembered', async () => {
  ask = snapshotsOf(source, { maxBytes: 28_000 }).ask;
  const ids = Array.from({ length: 100 }, (_, n) => `${n} ${'x'.repeat(500)}`);
  for (const id of [...ids, ...ids.toReversed()]) await ask(refTo(id));
  const again = source.reads.length - 100;
  expect(again).toBeGreaterThan(70);
  expect(again).toBeLessThan(100);
});

test('a kind of invitation that no source is for is not configured', async () => {
  const snapshots = createSnapshots(new Map(), { ...FRESHNESS, maxEntries: 1, maxBytes: 1 });
  const wish = { withIcalendar: false, maxAgeMs: null, caller: new Cancellation() };
  await expect(snapshots.read(board, wish)).rejects.toBeInstanceOf(ProviderNotConfigured);
});
