// What is known of each invitation: one entry each, for reads of all processes with and without extras, and only as long
// as callers ask for it.

import { LRUCache } from 'lru-cache';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { snapshotOf } from '../../src/invitation/snapshot.ts';
import { FRESHNESS } from '../../src/snapshots/freshness.ts';
import { createKnown, type Known } from '../../src/snapshots/known.ts';
import { board, invite, now, refTo, review } from './source.ts';

const MINUTE = 60_000;
const one = refTo('one');

let known: Known;
let told: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
  vi.advanceTimersByTime(1);
  told = [];
  known = createKnown(
    {
      ...FRESHNESS,
      finalMs: 60 * MINUTE,
      maxEntries: 10,
      maxBytes: 100_000,
      onChange: (_, { rawStatus }, news) => void told.push(`${rawStatus} ${news}`),
    },
    now,
  );
});
afterEach(() => vi.useRealTimers());

function keepInvite(rawStatus: string, icalendar?: string, begunAt = now()): boolean {
  const invitation = invite(rawStatus, icalendar === undefined ? {} : { icalendar });
  const snapshot = snapshotOf(invitation, new Date());
  return known.keep(board, { snapshot, withExtras: icalendar !== undefined, begunAt });
}

test('a read replaces the known state, with its ICS or without', () => {
  keepInvite('pending');
  expect(known.find(board, false)).toMatchObject({ withExtras: false, snapshot: { attachments: null } });
  keepInvite('pending', 'BEGIN');
  expect(known.find(board, false)).toMatchObject({
    withExtras: true,
    snapshot: { attachments: { icalendar: 'BEGIN' } },
  });
  keepInvite('accepted');
  expect(known.find(board, false)).toMatchObject({ withExtras: false, snapshot: { attachments: null } });
});

test('the same state with its ICS, or without it again, is no change', () => {
  for (const icalendar of [undefined, 'BEGIN', undefined]) keepInvite('pending', icalendar);
  keepInvite('accepted', 'BEGIN');
  expect(told).toEqual(['pending changed', 'accepted changed']);
});

test('a read with its ICS is not kept where another state was learnt since it began', () => {
  const begunAt = now();
  vi.advanceTimersByTime(500);
  keepInvite('accepted');
  expect(keepInvite('pending', 'BEGIN', begunAt)).toBe(false);
  expect(known.find(board, false)).toMatchObject({ snapshot: { rawStatus: 'accepted', attachments: null } });
  expect(keepInvite('accepted', 'BEGIN', begunAt)).toBe(true);
});

test('a state from another process is kept where it is newer, and not where it is older or of the same time', () => {
  const sawIt = (deliveryStatus: 'SENT' | 'DELIVERED', observedAt: number) =>
    known.adopt({ ref: one, invitation: review(one, deliveryStatus), observedAt });
  vi.advanceTimersByTime(MINUTE);
  expect(sawIt('SENT', Date.now() - 1_000)).toBe(true);
  expect(sawIt('DELIVERED', Date.now() - 1_000)).toBe(false);
  expect(sawIt('DELIVERED', Date.now() - 2_000)).toBe(false);
  expect(known.find(one, false)?.snapshot).toMatchObject({ rawStatus: 'SENT' });
  expect(sawIt('DELIVERED', Date.now() - 999)).toBe(true);
  expect(known.find(one, false)).toMatchObject({ snapshot: { rawStatus: 'DELIVERED' }, seenAt: now() - 999 });
});

test('a state that is not asked for is freed by a timer', () => {
  const purge = vi.spyOn(LRUCache.prototype, 'purgeStale');
  onTestFinished(() => purge.mockRestore());
  keepInvite('pending');
  const hasFreed = () => purge.mock.results.some(({ value }) => value === true);
  vi.advanceTimersByTime(60 * MINUTE);
  expect(hasFreed()).toBe(false);
  vi.advanceTimersByTime(3 * MINUTE);
  expect(hasFreed()).toBe(true);
});
