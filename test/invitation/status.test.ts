// What the statuses mean together, what the provider's own word is, and when nothing more will change.

import { describe, expect, test } from 'vitest';
import type { InvitationStatus } from '../../src/invitation/kind.ts';
import { type Invitation, kindOf } from '../../src/invitation/kinds.ts';
import type { DeliveryStatus, ReviewInvitation } from '../../src/invitation/review-invitation.ts';
import type { EventTime, ReplyStatus, SmartInvite } from '../../src/invitation/smart-invite.ts';
import { snapshotOf } from '../../src/invitation/snapshot.ts';

const NOWHEN: EventTime = { dateTime: null, date: null, timeZone: null };

function review(deliveryStatus: DeliveryStatus): ReviewInvitation {
  return { type: 'ReviewInvitation', invitationId: 'a', deliveryStatus, rawStatus: deliveryStatus };
}

function invite(statuses: readonly ReplyStatus[], end: Partial<EventTime> = {}): SmartInvite {
  const recipients = statuses.map((status, n) => {
    return { email: `guest${n}@example.com`, status, rawStatus: status, comment: null, proposal: null };
  });
  return {
    type: 'SmartInvite',
    dataCenter: 'US',
    smartInviteId: 'a',
    recipient: recipients.length === 1 ? (recipients[0] ?? null) : null,
    recipients,
    replies: [],
    callbackUrl: null,
    event: { summary: null, description: null, start: NOWHEN, end: { ...NOWHEN, ...end }, location: null },
    attachments: null,
  };
}

const statusOf = (invitation: Invitation) => kindOf(invitation).statusOf(invitation);
const isSeenFinal = (invitation: Invitation, observedAt: string | number) =>
  snapshotOf(invitation, new Date(observedAt)).isFinal;

describe('the shared status', () => {
  const DELIVERIES: Record<DeliveryStatus, InvitationStatus> = {
    CREATED: 'PENDING',
    SENT: 'PENDING',
    DELIVERED: 'DELIVERED',
    FAILED_SEND: 'FAILED',
    FAILED_DELIVERY: 'FAILED',
    UNKNOWN: 'UNKNOWN',
  };
  test.each(Object.entries(DELIVERIES))('of a review invitation that is %s is %s', (delivery, status) => {
    expect(statusOf(review(delivery as DeliveryStatus))).toBe(status);
  });

  const REPLIES: readonly ReplyStatus[] = ['PENDING', 'ACCEPTED', 'TENTATIVE', 'DECLINED', 'UNKNOWN'];
  test.each(REPLIES)('of a Smart Invite to one person is what the person replied: %s', (reply) => {
    expect(statusOf(invite([reply]))).toBe(reply);
  });

  test.each<[InvitationStatus, ReplyStatus[]]>([
    ['PENDING', ['ACCEPTED', 'TENTATIVE', 'DECLINED', 'PENDING']],
    ['PENDING', ['UNKNOWN', 'PENDING']],
    ['TENTATIVE', ['ACCEPTED', 'DECLINED', 'TENTATIVE']],
    ['ACCEPTED', ['DECLINED', 'ACCEPTED']],
    ['ACCEPTED', ['ACCEPTED', 'ACCEPTED']],
    ['DECLINED', ['DECLINED', 'DECLINED']],
    ['UNKNOWN', ['UNKNOWN', 'UNKNOWN']],
  ])('of several people is %s where they replied %j, in whatever order', (status, replies) => {
    expect(statusOf(invite(replies))).toBe(status);
    expect(statusOf(invite(replies.toReversed()))).toBe(status);
  });

  test('is computed from the people invited, not from replies of others', () => {
    const [forwarded] = invite(['ACCEPTED']).recipients;
    expect(statusOf({ ...invite(['PENDING']), replies: forwarded === undefined ? [] : [forwarded] })).toBe('PENDING');
  });
});

describe('the raw status', () => {
  const rawStatusOf = (invitation: Invitation) => snapshotOf(invitation, new Date()).rawStatus;

  test('of a review invitation is the text of the provider, and null where the provider gave none', () => {
    expect(rawStatusOf({ ...review('UNKNOWN'), rawStatus: 'teleported' })).toBe('teleported');
    expect(rawStatusOf({ ...review('UNKNOWN'), rawStatus: null })).toBeNull();
  });

  test('of a Smart Invite is that of the one person invited, and null where several are', () => {
    expect(rawStatusOf(invite(['ACCEPTED']))).toBe('ACCEPTED');
    expect(rawStatusOf(invite(['ACCEPTED', 'ACCEPTED']))).toBeNull();
  });
});

describe('a review invitation', () => {
  test.each<[DeliveryStatus, boolean]>([
    ['CREATED', false],
    ['SENT', false],
    ['DELIVERED', true],
    ['FAILED_SEND', true],
    ['FAILED_DELIVERY', true],
    ['UNKNOWN', false],
  ])('that is %s: is it final? %s', (delivery, final) => {
    expect(isSeenFinal(review(delivery), 0)).toBe(final);
  });
});

describe('a Smart Invite', () => {
  test.each([
    ['2026-05-02T23:00:00+02:00', '2026-05-02T20:59:59.999Z', '2026-05-02T21:00:00Z'],
    ['2026-05-02T23:00:00-05:30', '2026-05-03T04:29:59.999Z', '2026-05-03T04:30:00Z'],
    ['2026-05-04T10:00:00Z', '2026-05-04T09:59:59.999Z', '2026-05-04T10:00:00Z'],
  ])('that ends at %s is final when seen from that moment on, by the offset given', (dateTime, before, after) => {
    // The zone says something else in the provider's own example: the offset decides.
    const ending = invite(['PENDING'], { dateTime, timeZone: 'Europe/London' });
    expect(isSeenFinal(ending, before)).toBe(false);
    expect(isSeenFinal(ending, after)).toBe(true);
  });

  test('that ends with a whole day is final once that day is over everywhere on earth', () => {
    const ending = invite(['ACCEPTED'], { date: '2026-05-02' });
    // 23:59:59 of the day at UTC-12, and a second later.
    expect(isSeenFinal(ending, '2026-05-03T11:59:59Z')).toBe(false);
    expect(isSeenFinal(ending, '2026-05-03T12:00:00Z')).toBe(true);
  });

  test('is not final when everybody has replied: a reply can change until the event is over', () => {
    const ending = invite(['ACCEPTED', 'DECLINED'], { dateTime: '2026-05-04T10:00:00Z' });
    expect(isSeenFinal(ending, '2026-05-01T00:00:00Z')).toBe(false);
  });
});
