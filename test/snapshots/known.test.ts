// What is known of each invitation: one entry each, for reads of all processes with and without extras, and only as long
// as callers ask for it.

import { LRUCache } from 'lru-cache';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { snapshotOf } from '../../src/invitation/snapshot.ts';
import { FRESHNESS } from '../../src/snapshots/freshness.ts';
import { createKnown, type Known } from '../../src/snapshots/known.ts';
import type { Verdict } from '../../src/snapshots/sight.ts';
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

function keepInvite(rawStatus: string, icalendar?: string, begunAt = now()): Verdict {
  const invitation = invite(rawStatus, icalendar === undefined ? {} : { icalendar });
  const snapshot = snapshotOf(invitation, new Date());
  return known.keep(board, { snapshot, withExtras: icalendar !== undefined, begunAt, isForCaller: true });
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

test('a state is known since it was first seen, by this process or another, until it changes', () => {
  const begin = now();
  keepInvite('pending');
  const since = () => known.peek(board, false)?.sinceAt;
  vi.advanceTimersByTime(5_000);
  keepInvite('pending', 'BEGIN');
  expect(since()).toBe(begin);
  const seen = { ref: board, invitation: invite('pending'), observedAt: Date.now() };
  vi.advanceTimersByTime(5_000);
  known.adopt({ ...seen, begunAt: now(), seenAt: now(), sinceAt: begin - 1_000 });
  expect(since()).toBe(begin - 1_000);
  vi.advanceTimersByTime(5_000);
  keepInvite('accepted');
  expect(since()).toBe(begin + 15_000);
});

test('a state that a notification told of is known since then, and confirmed as such', () => {
  keepInvite('pending');
  vi.advanceTimersByTime(5_000);
  const heardAt = now();
  known.hear(board, heardAt);
  known.overlay(board, () => invite('accepted'), heardAt);
  expect(known.peek(board, false)).toMatchObject({ sinceAt: heardAt, state: 'SmartInvite accepted' });
  vi.advanceTimersByTime(5_000);
  keepInvite('accepted');
  expect(known.peek(board, false)).toMatchObject({ sinceAt: heardAt, state: 'SmartInvite accepted' });
});

test('the class of a state says from its first read on whether the provider tells of its changes', () => {
  const notifying = createKnown(
    { ...FRESHNESS, maxEntries: 10, maxBytes: 100_000, isNotified: ({ type }) => type === 'SmartInvite' },
    now,
  );
  onTestFinished(notifying.stop);
  const seen = { withExtras: false, begunAt: now(), isForCaller: true };
  notifying.keep(board, { ...seen, snapshot: snapshotOf(invite('pending'), new Date()) });
  notifying.keep(one, { ...seen, snapshot: snapshotOf(review(one, 'SENT'), new Date()) });
  const states = [board, one].map((ref) => notifying.peek(ref, false)?.state);
  expect(states).toEqual(['SmartInvite pending notified', 'ReviewInvitation SENT']);
});

test('the same state with its ICS, or without it again, is no change', () => {
  for (const icalendar of [undefined, 'BEGIN', undefined]) keepInvite('pending', icalendar);
  keepInvite('accepted', 'BEGIN');
  expect(told).toEqual(['pending changed', 'accepted found']);
});

test('a read with its ICS is not kept where another state was learnt since it began', () => {
  const begunAt = now();
  vi.advanceTimersByTime(500);
  keepInvite('accepted');
  expect(keepInvite('pending', 'BEGIN', begunAt)).toBe('unclear');
  expect(known.find(board, false)).toMatchObject({ snapshot: { rawStatus: 'accepted', attachments: null } });
  expect(keepInvite('accepted', 'BEGIN', begunAt)).toBe('kept');
});

test('what another process has seen is kept where it is newer, and not where it is older or as old', () => {
  const sawIt = (deliveryStatus: 'SENT' | 'DELIVERED', begunMsAgo: number, seenMsAgo: number) =>
    known.adopt({
      ref: one,
      invitation: review(one, deliveryStatus),
      observedAt: 0,
      begunAt: now() - begunMsAgo,
      seenAt: now() - seenMsAgo,
    });
  vi.advanceTimersByTime(MINUTE);
  expect(sawIt('SENT', 1_100, 1_000)).toBe('kept');
  expect(sawIt('SENT', 1_100, 1_000)).toBe('outdated');
  expect(sawIt('DELIVERED', 2_100, 2_000)).toBe('outdated');
  // Of two reads at the same time, the process cannot tell which is newer.
  expect(sawIt('DELIVERED', 1_050, 900)).toBe('unclear');
  expect(sawIt('DELIVERED', 1_500, 1_050)).toBe('unclear');
  expect(known.find(one, false)?.snapshot).toMatchObject({ rawStatus: 'SENT' });
  expect(sawIt('SENT', 1_050, 950)).toBe('kept');
  expect(sawIt('DELIVERED', 950, 900)).toBe('kept');
  // Callers are told what the clock of the other process said; its age is worked out by what all have in common.
  const observedAt = new Date(0);
  expect(known.find(one, false)).toMatchObject({
    snapshot: { rawStatus: 'DELIVERED', observedAt },
    seenAt: now() - 900,
  });
});

test('an entry that no caller asks for any more is freed, also where no caller asks for anything', () => {
  const purge = vi.spyOn(LRUCache.prototype, 'purgeStale');
  onTestFinished(() => purge.mockRestore());
  keepInvite('pending');
  const hasFreed = () => purge.mock.results.some(({ value }) => value === true);
  vi.advanceTimersByTime(60 * MINUTE);
  expect(hasFreed()).toBe(false);
  vi.advanceTimersByTime(3 * MINUTE);
  expect(hasFreed()).toBe(true);
});
