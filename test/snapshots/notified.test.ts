// A notification makes old what is known of an invitation, by every name that it has, and what is being read: on a clock
// that the test sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProviderUnavailable } from '../../src/invitation/problem.ts';
import type { Snapshot } from '../../src/invitation/snapshot.ts';
import { smartInviteRef } from '../refs.ts';
import {
  board,
  createFakeSource,
  type FakeSource,
  inviteTo,
  now,
  pass,
  seenElsewhere,
  snapshotsOf,
  useClock,
} from './source.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const ENDED = '2020-05-04T09:30:00Z';
const NEXT_WEEK = '2099-05-04T09:30:00Z';
const to = (email: string) => smartInviteRef('US', 'board', email);
const NAMES = [board, to('a@example.com'), to('A@Example.com'), to('b@example.com')];
const other = smartInviteRef('US', 'other', null);
const inGermany = smartInviteRef('DE', 'board', null);

let source: FakeSource;
let all: ReturnType<typeof snapshotsOf>;
let told: [key: string, news: string][];
/** What the provider says of every invite. */
let status: string;
let endsAt: string;
const answer: FakeSource['answer'] = (ref, { withExtras }) =>
  inviteTo(ref, status, { endsAt, ...(withExtras ? { icalendar: status } : {}) });

beforeEach(() => {
  useClock();
  [status, endsAt] = ['declined', ENDED];
  source = createFakeSource();
  source.answer = answer;
  told = [];
  all = snapshotsOf(source, { onChange: ({ key }, _, news) => void told.push([key, news]) });
});
afterEach(() => vi.useRealTimers());

const hear = (ref = to('a@example.com')) => all.snapshots.hear(ref, now(), true);

/** Everything is known, and final; an hour later the invite is moved to next week. */
async function knowAll() {
  for (const ref of [...NAMES, other, inGermany]) await all.ask(ref);
  await all.ask(board, { withExtras: true });
  await pass(HOUR);
  [status, endsAt] = ['accepted', NEXT_WEEK];
  source.reads.length = 0;
}

describe('a final state', () => {
  beforeEach(knowAll);

  test('is not read again before a notification comes', async () => {
    for (const ref of NAMES) expect(await all.ask(ref)).toBe(`declined ${HOUR}`);
    expect(source.reads).toHaveLength(0);
  });

  test('is read again once by every name after a notification, and no other invite is', async () => {
    hear();
    for (const ref of [...NAMES, ...NAMES]) {
      expect(await all.ask(ref)).toBe('accepted 0');
      expect(all.snapshots.peek(ref)).toMatchObject({ isFinal: false, event: { end: { dateTime: NEXT_WEEK } } });
    }
    for (const ref of [other, inGermany]) expect(await all.ask(ref)).toBe(`declined ${HOUR}`);
    expect(source.reads.map(({ ref }) => ref)).toEqual(NAMES);
  });

  test('is read again with its ICS after a notification', async () => {
    hear();
    const given = async () => {
      await all.ask(board, { withExtras: true });
      const snapshot = all.snapshots.answer(board, true, null) as Snapshot<'SmartInvite'>;
      return snapshot.attachments?.icalendar;
    };
    expect(await given()).toBe('accepted');
    expect(source.reads.map(({ withExtras }) => withExtras)).toEqual([true]);
  });

  test('is read again with its ICS where the state stayed the same', async () => {
    [status, endsAt] = ['declined', ENDED];
    await all.ask(board, { maxAgeMs: 0 });
    hear();
    await pass(1);
    await all.ask(board);
    source.reads.length = 0;
    await all.ask(board, { withExtras: true });
    expect(source.reads.map(({ withExtras }) => withExtras)).toEqual([true]);
  });

  test('is not given to callers that name an age after a notification', async () => {
    await all.ask(board, { maxAgeMs: 0 });
    await pass(SECOND);
    hear();
    status = 'tentative';
    expect(await all.ask(board, { maxAgeMs: 10 * SECOND })).toBe('tentative 0');
  });

  test('is no longer final after a notification until a read confirms it', async () => {
    [status, endsAt] = ['declined', ENDED];
    await all.ask(board, { maxAgeMs: 0 });
    hear();
    source.answer = () => Promise.reject(new ProviderUnavailable('CRONOFY'));
    await pass(5 * SECOND);
    expect(await all.ask(board)).toBe('declined 5000 stale');
    expect(all.snapshots.peek(board)?.isFinal).toBe(false);
    source.answer = answer;
    await pass(5 * SECOND);
    await all.ask(board);
    expect(all.snapshots.peek(board)?.isFinal).toBe(true);
    source.reads.length = 0;
    await pass(HOUR);
    expect(await all.ask(board)).toMatch(/^declined \d+$/);
    expect(source.reads).toHaveLength(0);
  });

  test('replaced by the state of a notification is not final, and not fresh for a day', async () => {
    hear();
    all.snapshots.overlay(board, (invitation) => ({ ...invitation, recipient: null, recipients: [] }) as never, now());
    expect(all.snapshots.peek(board)).toMatchObject({ isFinal: false, staleness: { reason: 'UNCONFIRMED' } });
    expect(await all.ask(board)).toBe('accepted 0');
  });
});

describe('where notifications may have been missed', () => {
  const callbackUrl = 'https://gateway.example.com/webhooks/cronofy';
  const callingBack: FakeSource['answer'] = (ref) => ({ ...inviteTo(ref, status, { endsAt }), callbackUrl });

  test('a final state is given at once, and read again once in the background', async () => {
    source.answer = callingBack;
    await knowAll();
    all.snapshots.miss();
    expect(await all.ask(board)).toBe(`declined ${HOUR}`);
    await pass(10);
    for (let n = 0; n < 3; n++) expect(await all.ask(board)).toBe('accepted 10');
    await pass(10);
    expect(source.reads.map(({ ref }) => ref)).toEqual([board]);
  });

  test('an invite without a callback URL, or read since, is not read again', async () => {
    await knowAll();
    all.snapshots.miss();
    await all.ask(board);
    source.answer = callingBack;
    endsAt = ENDED;
    await pass(1);
    await all.ask(other, { maxAgeMs: 0 });
    await pass(HOUR);
    await all.ask(other);
    await pass(10);
    expect(source.reads.map(({ ref }) => ref)).toEqual([other]);
  });
});

test('a final state by one name is old where a newer read by another name contradicts it', async () => {
  const byAddress = to('a@example.com');
  await all.ask(byAddress);
  await pass(HOUR);
  [status, endsAt] = ['accepted', NEXT_WEEK];
  expect(await all.ask(board)).toBe('accepted 0');
  expect(await all.ask(byAddress)).toBe('accepted 0');
  expect(source.reads).toHaveLength(3);
});

test('a final state by one name is not old where the read by another name is the older one', async () => {
  const byAddress = to('a@example.com');
  await pass(SECOND);
  await all.ask(byAddress);
  await pass(SECOND);
  all.snapshots.adopt({ ...seenElsewhere(board, inviteTo(board, 'pending')), begunAt: 0, seenAt: 0 });
  expect(await all.ask(byAddress)).toBe('declined 1000');
});

test('an invite that was not found is read again after a notification', async () => {
  source.answer = () => null;
  expect(await all.ask(board)).toBeNull();
  source.answer = answer;
  hear();
  expect(await all.ask(board)).toBe('declined 0');
});

describe('a read that began before the notification', () => {
  const slowly =
    (ms: number): FakeSource['answer'] =>
    async (ref, read) => {
      const truth = await answer(ref, read);
      await new Promise((resolve) => setTimeout(resolve, ms));
      return truth;
    };

  test('is not kept, not published, and not given to callers that come after the notification', async () => {
    source.answer = slowly(500);
    const before = all.ask(board);
    await pass(100);
    hear();
    [status, endsAt] = ['accepted', NEXT_WEEK];
    const after = all.ask(board);
    await pass(400);
    expect(await before).toBe('declined 0');
    expect(all.snapshots.peek(board)).toBeNull();
    await pass(500);
    expect(await after).toBe('accepted 0');
    expect(told).toEqual([[board.key, 'changed']]);
  });

  test('in another process is ignored, and one that began after the notification is kept', async () => {
    await all.ask(board);
    await pass(SECOND);
    hear();
    await pass(100);
    all.snapshots.adopt(seenElsewhere(board, inviteTo(board, 'tentative'), 101));
    all.snapshots.adopt(seenElsewhere(to('c@example.com'), inviteTo(to('c@example.com'), 'tentative'), 101));
    expect(all.snapshots.peek(board)).toMatchObject({ recipient: { rawStatus: 'declined' } });
    expect(all.snapshots.peek(to('c@example.com'))).toBeNull();
    all.snapshots.adopt(seenElsewhere(board, inviteTo(board, 'accepted'), 100));
    expect(await all.ask(board)).toBe('accepted 0');
    expect(source.reads).toHaveLength(1);
  });

  test('is told apart by the moment of the notification, not by when this process heard of it', async () => {
    await all.ask(board);
    await pass(SECOND);
    status = 'accepted';
    await all.ask(board, { maxAgeMs: 0 });
    // Another process was notified before that, and its word comes late.
    all.snapshots.hear(board, now() - 100, false);
    expect(await all.ask(board)).toBe('accepted 0');
    expect(source.reads).toHaveLength(2);
  });
});

test('a change with a notification is published as changed, and one that only a read found as found', async () => {
  await all.ask(board);
  status = 'accepted';
  await all.ask(board, { maxAgeMs: 0 });
  hear();
  await pass(1);
  status = 'tentative';
  await all.ask(board);
  await pass(1);
  all.snapshots.adopt(seenElsewhere(board, inviteTo(board, 'pending')));
  expect(told.map(([, news]) => news)).toEqual(['changed', 'found', 'changed', 'found']);
});
