// A snapshot as text that processes share: what was encoded comes back to the letter, and nothing else comes back.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventTime, ReviewInvitation, SmartInvite, SmartInviteReply } from '../../src/invitation/invitation.ts';
import { DATA_CENTERS, type ReviewInvitationRef, type SmartInviteRef } from '../../src/invitation/ref.ts';
import { decodeSnapshot, encodeSnapshot, type SharedSnapshot } from '../../src/snapshots/codec.ts';

// Any text at all, lone surrogates and control characters among it.
const anyText = fc.string({ unit: 'binary' });
const text = fc.option(anyText);
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true });

const eventTime: fc.Arbitrary<EventTime> = record({ dateTime: text, date: text, timeZone: text });

const reply: fc.Arbitrary<SmartInviteReply> = record({
  email: anyText,
  status: fc.constantFrom('PENDING', 'ACCEPTED', 'TENTATIVE', 'DECLINED', 'UNKNOWN'),
  rawStatus: text,
  comment: text,
  proposal: fc.option(record({ start: eventTime, end: eventTime })),
});

const observedAt = fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.getTime());

const reviewSnapshot: fc.Arbitrary<SharedSnapshot> = record({
  invitationId: anyText,
  deliveryStatus: fc.constantFrom('CREATED', 'SENT', 'FAILED_SEND', 'DELIVERED', 'FAILED_DELIVERY', 'UNKNOWN'),
  rawStatus: text,
  observedAt,
}).map(({ invitationId, deliveryStatus, rawStatus, observedAt }) => ({
  ref: { type: 'ReviewInvitation', invitationId } satisfies ReviewInvitationRef,
  invitation: { type: 'ReviewInvitation', invitationId, deliveryStatus, rawStatus } satisfies ReviewInvitation,
  observedAt,
}));

const inviteSnapshot: fc.Arbitrary<SharedSnapshot> = record({
  key: record({ dataCenter: fc.constantFrom(...DATA_CENTERS), smartInviteId: anyText }),
  recipientEmail: text,
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
  observedAt,
}).map(({ key, recipientEmail, rest, observedAt }) => ({
  ref: { type: 'SmartInvite', ...key, recipientEmail } satisfies SmartInviteRef,
  invitation: { type: 'SmartInvite', ...key, ...rest } satisfies SmartInvite,
  observedAt,
}));

const review: SharedSnapshot = {
  ref: { type: 'ReviewInvitation', invitationId: 'a' },
  invitation: { type: 'ReviewInvitation', invitationId: 'a', deliveryStatus: 'SENT', rawStatus: 'SENT' },
  observedAt: 1_790_000_000_000,
};

const time: EventTime = { dateTime: '2099-05-04T09:30:00+02:00', date: null, timeZone: 'Europe/Paris' };
const invite: SharedSnapshot = {
  ref: { type: 'SmartInvite', dataCenter: 'US', smartInviteId: 'a', recipientEmail: null },
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
};

describe('what was encoded', () => {
  test.each([
    ['a review invitation', reviewSnapshot],
    ['a Smart Invite', inviteSnapshot],
  ])('comes back as it was: %s', (_, snapshots) => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        expect(decodeSnapshot(encodeSnapshot(snapshot))).toStrictEqual(snapshot);
      }),
    );
  });

  test('is one line of text, whatever is in it', () => {
    fc.assert(
      fc.property(inviteSnapshot, (snapshot) => {
        expect(encodeSnapshot(snapshot)).not.toMatch(/[\r\n]/);
      }),
    );
  });

  test('does not come back when it was cut short', () => {
    fc.assert(
      fc.property(fc.oneof(reviewSnapshot, inviteSnapshot), fc.nat(), (snapshot, at) => {
        const encoded = encodeSnapshot(snapshot);
        expect(decodeSnapshot(encoded.slice(0, at % encoded.length))).toBeUndefined();
      }),
    );
  });
});

describe('rubbish gives nothing:', () => {
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

  test('a snapshot in which any one value is another or missing', () => {
    for (const snapshot of [review, invite]) {
      expect(decodeSnapshot(JSON.stringify(snapshot))).toEqual(snapshot);
      for (const spoilt of [...variantsOf(snapshot, { a: 1 }), ...variantsOf(snapshot, undefined)]) {
        expect(decodeSnapshot(JSON.stringify(spoilt)), JSON.stringify(spoilt)).toBeUndefined();
      }
    }
  });

  test.each([
    ['a status that nobody knows', { ...review, invitation: { ...review.invitation, deliveryStatus: 'LOST' } }],
    ['a data center that there is not', { ...invite, ref: { ...invite.ref, dataCenter: 'EU' } }],
    ['the name of another kind of invitation', { ...review, ref: invite.ref }],
    ['the name of another review invitation', { ...review, ref: { ...review.ref, invitationId: 'b' } }],
    ['the name of another Smart Invite', { ...invite, ref: { ...invite.ref, smartInviteId: 'b' } }],
    ['the name of one at another data center', { ...invite, ref: { ...invite.ref, dataCenter: 'DE' } }],
    ['a moment that is no number', { ...review, observedAt: '2026-05-04T09:30:00Z' }],
    ['a moment that no calendar has', { ...review, observedAt: 1e300 }],
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
