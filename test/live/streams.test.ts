// What a subscriber gets: the current state of each invitation at once, then every change, for as few upstream calls as
// possible.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { globalIdOf } from '../../src/invitation/ref.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';
import { invite, review, subscribeTo } from './subscriber.ts';

const GUEST = 'invite-pending@example.com';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.stop());

/** A ref by its global id, whether there is such an invitation or not. */
const byId = (ref: Parameters<typeof globalIdOf>[0]) => ({ id: globalIdOf(ref) });

const subscribe = (refs: readonly object[], fields?: string) => subscribeTo(gateway.origin, refs, fields);

/** How many calls were made for this invitation. */
const asked = (id: string) => {
  const calls = [...gateway.sandbox.partoo.calls, ...gateway.sandbox.cronofy.calls];
  return calls.filter(({ target }) => target.endsWith(`_id=${id}`)).length;
};

describe('a subscription', () => {
  test('gives the current state of each ref at once, then changes', async () => {
    const stream = subscribe([review('review-sent'), invite('invite-pending')]);
    await stream.first(2);
    expect(new Set(stream.events.map(({ invitation }) => invitation.status))).toEqual(new Set(['PENDING']));
    gateway.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted', comment: 'Gladly.' });
    const { invitation } = await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    expect(invitation).toMatchObject({ isStale: false, recipients: [{ email: GUEST, comment: 'Gladly.' }] });
    expect(stream.events).toHaveLength(3);
  });

  test('loses no change that happens during its first read', async () => {
    await gateway.stop();
    // The answer is made when the call arrives, and comes late: what changes in between is not in it.
    gateway = await startTestGateway({ sandbox: { cronofy: { latencyMs: 500 } } });
    const stream = subscribe([invite('invite-pending')]);
    await vi.waitUntil(() => asked('invite-pending') === 1, { interval: 1 });
    gateway.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'declined' });
    await stream.until(({ invitation }) => invitation?.status === 'DECLINED' && !invitation.isStale);
    expect(stream.events.at(-1)?.invitation.status).toBe('DECLINED');
  });

  test('leaves out an invitation that is not found, and gives the rest', async () => {
    const stream = subscribe([review('no-such'), byId(reviewInvitationRef('never-sent')), review('review-delivered')]);
    expect(await stream.completed).toBe('completed');
    expect(stream.events.map(({ invitation }) => invitation.invitationId)).toEqual(['review-delivered']);
  });

  test.each([
    ['an invitation that does not exist', review('no-such')],
    ['an id of nothing', byId(smartInviteRef('US', 'never-sent', null))],
  ])('to nothing but %s completes without an event', async (_, ref) => {
    const stream = subscribe([ref]);
    expect(await stream.completed).toBe('completed');
    expect(stream.events).toEqual([]);
  });

  test('completes by itself when nothing in it can change any more', async () => {
    const stream = subscribe([review('review-delivered'), review('review-waiting-1'), invite('invite-ended')]);
    await stream.first(3);
    gateway.sandbox.partoo.put({ invitation_id: 'review-waiting-1', status: 'FAILED_DELIVERY' });
    expect(await stream.completed).toBe('completed');
    expect(stream.events.at(-1)?.invitation).toMatchObject({ deliveryStatus: 'FAILED_DELIVERY', isFinal: true });
  });

  test('gives a failed first read as an error with its code, and the state once it can be read', async () => {
    gateway.sandbox.partoo.misbehave({ status: 500, match: 'review-waiting-1' });
    const stream = subscribe([review('review-waiting-1'), review('review-sent')]);
    await stream.first(2);
    expect(stream.events.map(({ code }) => code)).toContain('PROVIDER_UNAVAILABLE');
    expect(stream.events.flatMap(({ invitation }) => invitation?.invitationId ?? [])).toEqual(['review-sent']);
    gateway.sandbox.partoo.misbehave(undefined);
    await stream.until(({ invitation }) => invitation?.invitationId === 'review-waiting-1');
  });

  test('names each ref that cannot be read by its first index', async () => {
    gateway.sandbox.partoo.misbehave({ status: 500, match: 'review-waiting' });
    const refs = ['review-sent', 'review-waiting-1', 'review-waiting-2', 'review-waiting-1', 'review-waiting-2'];
    const stream = subscribe([invite('invite-pending'), ...refs.map(review)]);
    await stream.first(4);
    const failed = stream.events.filter(({ code }) => code !== undefined);
    expect(failed.toSorted((a, b) => Number(a.refIndex) - Number(b.refIndex))).toEqual([
      { code: 'PROVIDER_UNAVAILABLE', refIndex: 2 },
      { code: 'PROVIDER_UNAVAILABLE', refIndex: 3 },
    ]);
  });

  test.each([
    ['text that no global id can be', { id: 'never-given-out' }],
    ['an id with something behind it', { id: `${globalIdOf(reviewInvitationRef('review-sent'))}=` }],
    ['an address without an @', { smartInvite: { smartInviteId: 'invite-pending', recipientEmail: 'guest' } }],
  ])('with %s among its refs is refused whole, and nothing is read', async (_, wrong) => {
    const stream = subscribe([review('review-sent'), wrong]);
    expect(await stream.completed).toBe('completed');
    expect(stream.events).toEqual([{ code: 'BAD_USER_INPUT', refIndex: 1 }]);
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });

  test('gives one event for an invitation that its refs name twice', async () => {
    const stream = subscribe([review('review-delivered'), review('review-delivered')]);
    await stream.completed;
    expect(stream.events).toHaveLength(1);
    expect(asked('review-delivered')).toBe(1);
  });
});

describe('the cost of subscriptions', () => {
  test('is one read for all subscribers of a ref', async () => {
    const streams = [1, 2, 3, 4, 5].map(() => subscribe([invite('invite-pending')]));
    await Promise.all(streams.map((stream) => stream.first(1)));
    expect(asked('invite-pending')).toBe(1);
    gateway.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'tentative' });
    await Promise.all(streams.map((stream) => stream.until(({ invitation }) => invitation.status === 'TENTATIVE')));
    expect(asked('invite-pending')).toBe(2);
  });

  test('a change at a provider without notifications is found by reading again', async () => {
    const stream = subscribe([review('review-waiting-1')]);
    await stream.first(1);
    gateway.sandbox.partoo.put({ invitation_id: 'review-waiting-1', status: 'DELIVERED' });
    await stream.completed;
    expect(stream.events.map(({ invitation }) => invitation.deliveryStatus)).toEqual(['SENT', 'DELIVERED']);
    expect(asked('review-waiting-1')).toBe(2);
  });

  test('a change of an invite without a callback URL is found as well, though others have one', async () => {
    const event = { summary: 'Quiet', start: '2099-12-04T09:30:00Z', end: '2099-12-04T10:30:00Z' };
    const quiet = { smart_invite_id: 'quiet', recipient: { email: 'quiet@example.com', status: 'pending' }, event };
    gateway.sandbox.cronofy.put(quiet);
    const streams = [subscribe([invite('quiet')]), subscribe([invite('invite-pending')])];
    await Promise.all(streams.map((stream) => stream.first(1)));
    gateway.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });
    await streams[1]?.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    // The first read after the subscription is due for every invite: what comes later is not.
    await vi.waitUntil(() => asked('quiet') === 2);
    gateway.sandbox.cronofy.reply('quiet', { email: 'quiet@example.com', status: 'declined' });
    await streams[0]?.until(({ invitation }) => invitation?.status === 'DECLINED');
  }, 40_000);

  test('ends for a ref when its last subscriber leaves, and other refs are still read', async () => {
    const leaving = [subscribe([review('review-waiting-1')]), subscribe([review('review-waiting-1')])];
    const staying = subscribe([review('review-waiting-2')]);
    await Promise.all([...leaving, staying].map((stream) => stream.first(1)));
    for (const stream of leaving) stream.leave();
    // By then the one that was left would have been read again too.
    await vi.waitUntil(() => asked('review-waiting-2') === 2);
    await vi.waitUntil(() => asked('review-waiting-2') === 3);
    expect(asked('review-waiting-1')).toBe(1);
  }, 40_000);
});

describe('the iCalendar text', () => {
  const FIELDS = 'status ... on SmartInvite { attachments { icalendar } }';

  test('comes with every event where it is selected, and with the state of that event', async () => {
    const stream = subscribe([invite('invite-pending')], FIELDS);
    await stream.first(1);
    gateway.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });
    await stream.until(({ invitation }) => invitation.status === 'ACCEPTED');
    for (const { invitation } of stream.events) expect(invitation.attachments.icalendar).toContain('BEGIN:VCALENDAR');
  });

  test('comes with one call for each first state, all at the same time', async () => {
    await gateway.stop();
    gateway = await startTestGateway({ sandbox: { cronofy: { latencyMs: 300 } } });
    const startedAt = performance.now();
    const ids = ['invite-pending', 'invite-tentative', 'team-lunch', 'board-meeting', 'invite-ended'];
    await subscribe(ids.map(invite), FIELDS).first(ids.length);
    // One after the other would take at least as long as that.
    expect(performance.now() - startedAt).toBeLessThan(300 * ids.length);
    expect(gateway.takeCalls().cronofy).toHaveLength(ids.length);
  });

  test('that cannot be read is an error of its own field, and the change is still given', async () => {
    const stream = subscribe([invite('invite-pending')], FIELDS);
    await stream.first(1);
    gateway.sandbox.cronofy.misbehave({ status: 503, match: 'include_ics' });
    gateway.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });
    const { invitation } = await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    expect(invitation.attachments).toBeNull();
    expect(stream.events.at(-1)?.code).toBe('PROVIDER_UNAVAILABLE');
  });

  test('that was read before a change does not hide the change', async () => {
    const status = async (selection: string, maxAge = '') => {
      const query = `{ smartInvite(smartInviteId: "invite-pending" ${maxAge}) { ${selection} } }`;
      return (await gateway.query(query)).data.smartInvite.status;
    };
    expect(await status('status attachments { icalendar }')).toBe('PENDING');
    gateway.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });
    expect(await status('status', 'maxAgeSeconds: 0')).toBe('ACCEPTED');
    const [first] = await subscribe([invite('invite-pending')], FIELDS).first(1);
    expect(first?.invitation).toMatchObject({ status: 'ACCEPTED' });
    expect(first?.invitation.attachments.icalendar).toContain('BEGIN:VCALENDAR');
  });

  test('is of the same state as the event, also where the invite is watched as a whole and nobody is notified', async () => {
    const stream = subscribe(
      [invite('invite-pending')],
      '... on SmartInvite { event { summary } attachments { icalendar } }',
    );
    await stream.first(1);
    for (const summary of ['First change', 'Second change', 'Third change']) {
      const time = '2099-12-04T09:30:00Z';
      const event = { summary, start: time, end: time };
      const recipient = { email: GUEST, status: 'pending' };
      gateway.sandbox.cronofy.put({ smart_invite_id: 'invite-pending', recipient, event });
      await gateway.query('{ smartInvite(smartInviteId: "invite-pending", maxAgeSeconds: 0) { status } }');
      const { invitation } = await stream.until((event) => event.invitation.event.summary === summary);
      expect(invitation.attachments.icalendar).toContain(`SUMMARY:${summary}`);
    }
  });

  test('comes with a final state too', async () => {
    const stream = subscribe([invite('invite-ended')], FIELDS);
    await stream.completed;
    expect(stream.events).toHaveLength(1);
    expect(stream.events[0]?.invitation.attachments).toEqual({ icalendar: expect.stringContaining('BEGIN:VCALENDAR') });
  });
});
