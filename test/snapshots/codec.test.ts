// A snapshot as text that processes share: what was encoded comes back to the letter, and nothing else comes back.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globalIdOf } from '../../src/invitation/ref.ts';
import type { ReviewInvitation } from '../../src/invitation/review-invitation.ts';
import {
  DATA_CENTERS,
  type EventTime,
  type SmartInvite,
  type SmartInviteReply,
} from '../../src/invitation/smart-invite.ts';
import { decodeSnapshot, encodeSnapshot, type SharedSnapshot } from '../../src/snapshots/codec.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';

// Any text at all, lone surrogates and control characters among it.
const anyText = fc.string({ unit: 'binary' });
const text = fc.option(anyText);
// What may name an invitation.
const idText = anyText
  .map((some) => `${some.replaceAll(/\p{Cc}/gu, '').slice(0, 100)}x`)
  .filter((some) => some.isWellFormed());
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true });

const eventTime: fc.Arbitrary<EventTime> = record({ dateTime: text, date: text, timeZone: text });

const reply: fc.Arbitrary<SmartInviteReply> = record({
  email: idText,
  status: fc.constantFrom('PENDING', 'ACCEPTED', 'TENTATIVE', 'DECLINED', 'UNKNOWN'),
  rawStatus: text,
  comment: text,
  proposal: fc.option(record({ start: eventTime, end: eventTime })),
});

const moment = fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.getTime());
const times = record({ observedAt: moment, begunAt: moment, seenAt: moment, sinceAt: moment });

const reviewSnapshot: fc.Arbitrary<SharedSnapshot> = record({
  invitationId: idText,
  deliveryStatus: fc.constantFrom('CREATED', 'SENT', 'FAILED_SEND', 'DELIVERED', 'FAILED_DELIVERY', 'UNKNOWN'),
  rawStatus: text,
  times,
}).map(({ invitationId, deliveryStatus, rawStatus, times }) => ({
  ref: reviewInvitationRef(invitationId),
  invitation: { type: 'ReviewInvitation', invitationId, deliveryStatus, rawStatus } satisfies ReviewInvitation,
  ...times,
}));

const inviteSnapshot: fc.Arbitrary<SharedSnapshot> = record({
  key: record({ dataCenter: fc.constantFrom(...DATA_CENTERS), smartInviteId: idText }),
  recipientEmail: fc.option(idText),
  rest: record({
    recipient: fc.option(reply),
    recipients: fc.array(reply),
    replies: fc.array(reply),
    callbackUrl: text,
    event: record({
      summary: text,
      description: text,
      start: eventTime,
      end: eventTime,
      location: fc.option(record({ description: text })),
    }),
    attachments: fc.option(record({ icalendar: text })),
  }),
  times,
}).map(({ key, recipientEmail, rest, times }) => ({
  ref: smartInviteRef(key.dataCenter, key.smartInviteId, recipientEmail),
  invitation: { type: 'SmartInvite', ...key, ...rest } satisfies SmartInvite,
  ...times,
}));

const review: SharedSnapshot = {
  ref: reviewInvitationRef('a'),
  invitation: { type: 'ReviewInvitation', invitationId: 'a', deliveryStatus: 'SENT', rawStatus: 'SENT' },
  observedAt: 1_790_000_000_000,
  begunAt: 1_790_000_000_100.25,
  seenAt: 1_790_000_000_200,
};

const time: EventTime = { dateTime: '2099-05-04T09:30:00+02:00', date: null, timeZone: 'Europe/Paris' };
const invite: SharedSnapshot = {
  ref: smartInviteRef('US', 'a', null),
  invitation: {
    type: 'SmartInvite',
    dataCenter: 'US',
    smartInviteId: 'a',
    recipient: null,
    recipients: [{ email: 'a@example.com', status: 'PENDING', rawStatus: 'pending', comment: null, proposal: null }],
    replies: [],
    callbackUrl: null,
    event: { summary: null, description: null, start: time, end: time, location: null },
    attachments: null,
  },
  observedAt: 1_790_000_000_000,
  begunAt: 1_790_000_000_100.25,
  seenAt: 1_790_000_000_200,
};

// As they stand in Redis.
const reviewWire = { ...review, ref: globalIdOf(review.ref) };
const inviteWire = { ...invite, ref: globalIdOf(invite.ref) };

/** A review invitation that names itself in these words. */
const named = (invitationId: string) => ({
  ...reviewWire,
  ref: globalIdOf(reviewInvitationRef(invitationId)),
  invitation: { ...review.invitation, invitationId },
});

describe('an encoded snapshot', () => {
  test.each([
    ['a review invitation', reviewSnapshot],
    ['a Smart Invite', inviteSnapshot],
  ])('is decoded unchanged: %s', (_, snapshots) => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        expect(decodeSnapshot(encodeSnapshot(snapshot))).toStrictEqual(snapshot);
      }),
    );
  });

  test('is one line of text, whatever text is in it', () => {
    fc.assert(
      fc.property(inviteSnapshot, (snapshot) => {
        expect(encodeSnapshot(snapshot)).not.toMatch(/[\r\n]/);
      }),
    );
  });

  test('is not decoded when it was cut short', () => {
    fc.assert(
      fc.property(fc.oneof(reviewSnapshot, inviteSnapshot), fc.nat(), (snapshot, at) => {
        const encoded = encodeSnapshot(snapshot);
        expect(decodeSnapshot(encoded.slice(0, at % encoded.length))).toBeUndefined();
      }),
    );
  });
});

describe('malformed text gives nothing:', () => {
  test('any text', () => {
    fc.assert(
      fc.property(anyText, (rubbish) => {
        expect(decodeSnapshot(rubbish)).toBeUndefined();
      }),
    );
  });

  test('any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (rubbish) => {
        expect(decodeSnapshot(rubbish)).toBeUndefined();
      }),
    );
  });

  test('a snapshot with any one value changed or missing', () => {
    for (const wire of [reviewWire, inviteWire]) {
      expect(decodeSnapshot(JSON.stringify(wire))).toBeDefined();
      for (const spoilt of [...variantsOf(wire, { a: 1 }), ...variantsOf(wire, undefined)]) {
        expect(decodeSnapshot(JSON.stringify(spoilt)), JSON.stringify(spoilt)).toBeUndefined();
      }
    }
  });

  test.each([
    ['an unknown status', { ...reviewWire, invitation: { ...review.invitation, deliveryStatus: 'LOST' } }],
    ['an unknown data center', { ...inviteWire, invitation: { ...invite.invitation, dataCenter: 'EU' } }],
    ['the name of another kind of invitation', { ...reviewWire, ref: globalIdOf(invite.ref) }],
    ['the name of another review invitation', { ...reviewWire, ref: globalIdOf(reviewInvitationRef('b')) }],
    ['the name of another Smart Invite', { ...inviteWire, ref: globalIdOf(smartInviteRef('US', 'b', null)) }],
    ['the name of one at another data center', { ...inviteWire, ref: globalIdOf(smartInviteRef('DE', 'a', null)) }],
    ['a name that can be none', named('a\r\nX: y')],
    ['a moment that is no number', { ...reviewWire, observedAt: '2026-05-04T09:30:00Z' }],
    ['a moment that no calendar has', { ...reviewWire, observedAt: 1e300 }],
    ['a beginning that no calendar has', { ...reviewWire, begunAt: 1e300 }],
    ['what older versions wrote', { ...reviewWire, begunAt: undefined, seenAt: undefined }],
  ])('%s', (_, rubbish) => {
    expect(decodeSnapshot(JSON.stringify(rubbish))).toBeUndefined();
  });
});

/** Copies of a value, each with one of the values in it replaced, at whatever depth. */
function* variantsOf(value: unknown, other: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const replaced = (by: unknown) =>
      Array.isArray(value) ? value.with(Number(name), by) : Object.assign({}, value, { [name]: by });
    yield replaced(other);
    for (const variant of variantsOf(inner, other)) yield replaced(variant);
  }
}
