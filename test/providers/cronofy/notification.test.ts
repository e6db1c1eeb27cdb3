// Which notifications are genuine, and what they say. The two vectors are those of Cronofy's public documentation, and
// Cronofy's own client is asked besides.

import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSameInvitation, type Ref } from '../../../src/invitation/ref.ts';
import type { SmartInvite } from '../../../src/invitation/smart-invite.ts';
import { decodeNotification, isSigned } from '../../../src/providers/cronofy/notification.ts';
import { decodeSmartInvite } from '../../../src/providers/cronofy/wire.ts';
import { Secret } from '../../../src/upstream/secret.ts';
import { reviewInvitationRef, smartInviteRef } from '../../refs.ts';

const BODY = Buffer.from('{"example":"well-known"}');
const OLD = 'pDY0Oi7TJSP2hfNmZNkm5';
const NEW = 'CRN_NggYusqPGLxwjw5FHOJYOqSrTPNXy8WQf14OID';
const VECTORS = [
  [OLD, '6r2/HjBkqymGegX0wOfifieeUXbbHwtV/LohHS+jv6c='],
  [NEW, '5DxentQi5YSXODEzTVv06sRwJ3pULIz1KrYv20qxEK0='],
] as const;
const [[, BY_OLD], [, BY_NEW]] = VECTORS;
const secrets = [new Secret(OLD)];

type Official = { hmacValid(options: { hmac: string; body: string; client_secret: string }): boolean };
const OfficialClient: new (options: object) => Official = createRequire(import.meta.url)('cronofy');
const official = new OfficialClient({});

const digestOf = (body: string | Buffer, secret = OLD) => createHmac('sha256', secret).update(body).digest('base64');

describe('a signature', () => {
  test.each(VECTORS)('of the documentation is valid with the secret %s', (secret, digest) => {
    expect(isSigned(BODY, digest, [new Secret(secret)])).toBe(true);
    expect(official.hmacValid({ hmac: digest, body: BODY.toString(), client_secret: secret })).toBe(true);
  });

  test('is valid exactly where the official client accepts it', () => {
    const digest = fc.oneof(fc.constantFrom(BY_OLD, BY_NEW, '', 'x'), fc.base64String({ maxLength: 60 }));
    fc.assert(
      fc.property(fc.array(digest, { maxLength: 5 }), fc.constantFrom(OLD, NEW), (digests, secret) => {
        const hmac = digests.join(',');
        const theirs = official.hmacValid({ hmac, body: BODY.toString(), client_secret: secret });
        expect(isSigned(BODY, hmac, [new Secret(secret)])).toBe(theirs);
      }),
    );
  });

  test('may be any of a list, with or without spaces', () => {
    expect(isSigned(BODY, `${BY_NEW},${BY_OLD}`, secrets)).toBe(true);
    expect(isSigned(BODY, `${BY_OLD}, ${BY_NEW}`, secrets)).toBe(true);
    expect(isSigned(BODY, BY_NEW, secrets)).toBe(false);
  });

  test('may be made with either secret while one is rotated', () => {
    const rotated = [new Secret(NEW), new Secret(OLD)];
    expect(isSigned(BODY, BY_OLD, rotated)).toBe(true);
    expect(isSigned(BODY, BY_NEW, rotated)).toBe(true);
    expect(isSigned(BODY, BY_OLD, [])).toBe(false);
  });

  const hex = createHmac('sha256', OLD).update(BODY).digest('hex');
  test.each<[string, string | string[] | undefined]>([
    ['missing', undefined],
    ['empty', ''],
    ['of empty parts', ',,,'],
    ['too short', BY_OLD.slice(0, 40)],
    ['without its padding', BY_OLD.slice(0, -1)],
    ['hexadecimal', hex],
    ['followed by more characters', `${BY_OLD}AAAA`],
    ['oversized', 'A'.repeat(10_000)],
    ['in too long a list', [...Array.from({ length: 1_000 }, () => BY_NEW), BY_OLD].join(',')],
    ['a list of headers', [BY_OLD]],
    ['in another case', BY_OLD.toLowerCase()],
  ])('that is %s is invalid', (_, header) => {
    expect(isSigned(BODY, header, secrets)).toBe(false);
  });

  test('is invalid with any one bit of the body or of the digest flipped', () => {
    const flipped = (bytes: Buffer, bit: number) => {
      const copy = Buffer.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return copy;
    };
    const digest = Buffer.from(BY_OLD, 'base64');
    for (let bit = 0; bit < BODY.length * 8; bit++) expect(isSigned(flipped(BODY, bit), BY_OLD, secrets)).toBe(false);
    for (let bit = 0; bit < digest.length * 8; bit++) {
      expect(isSigned(BODY, flipped(digest, bit).toString('base64'), secrets)).toBe(false);
    }
  });

  test('is of the bytes: other JSON of the same meaning is invalid', () => {
    const spaced = '{ "smart_invite": {"a": 1.0, "b":"\\u00e9"} }';
    expect(isSigned(Buffer.from(spaced), digestOf(spaced), secrets)).toBe(true);
    expect(isSigned(Buffer.from(JSON.stringify(JSON.parse(spaced))), digestOf(spaced), secrets)).toBe(false);
    const notUtf8 = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
    expect(isSigned(notUtf8, digestOf(notUtf8), secrets)).toBe(true);
    expect(isSigned(notUtf8, digestOf(notUtf8.toString()), secrets)).toBe(false);
  });
});

const EMAIL = 'cronofy@example.com';
const reply = { email: EMAIL, status: 'accepted', comment: 'Gladly.' };

function bodyOf(smartInvite: object, type = 'smart_invite'): Buffer {
  const smart_invite = { smart_invite_id: 'the-id', callback_url: 'https://app.example.com/', ...smartInvite };
  return Buffer.from(JSON.stringify({ notification: { type }, smart_invite }));
}

describe('a notification', () => {
  test('names the invite and its recipient, in the data center of the account', () => {
    const read = decodeNotification(bodyOf({ recipient: { email: EMAIL, status: 'pending' }, reply }), 'DE');
    expect(read?.ref).toEqual(smartInviteRef('DE', 'the-id', EMAIL));
    const isNamed = (ref: Ref) => read !== null && isSameInvitation(read.ref, ref);
    expect(isNamed(smartInviteRef('DE', 'the-id', null))).toBe(true);
    expect(isNamed(smartInviteRef('DE', 'the-id', 'Cronofy@Example.com'))).toBe(true);
    expect(isNamed(smartInviteRef('US', 'the-id', EMAIL))).toBe(false);
    expect(isNamed(smartInviteRef('DE', 'another', EMAIL))).toBe(false);
    expect(isNamed(reviewInvitationRef('the-id'))).toBe(false);
  });

  test('of an invite to several people names the invite as a whole', () => {
    expect(decodeNotification(bodyOf({ reply }), 'US')?.ref).toEqual(smartInviteRef('US', 'the-id', null));
    expect(decodeNotification(bodyOf({ recipient: null }), 'US')?.ref.type).toBe('SmartInvite');
  });

  test('of a reply that is unreadable in part still names the invite', () => {
    const body = bodyOf({ recipient: { email: EMAIL, status: 7 }, reply: { ...reply, proposal: { start: 'noon' } } });
    expect(decodeNotification(body, 'US')?.ref).toEqual(smartInviteRef('US', 'the-id', EMAIL));
  });

  test.each<[string, Buffer]>([
    ['another type', bodyOf({ reply }, 'change')],
    ['no id', bodyOf({ smart_invite_id: undefined })],
    ['an id that is no text', bodyOf({ smart_invite_id: 7 })],
    ['an empty id', bodyOf({ smart_invite_id: '' })],
    ['an id of 10 KB', bodyOf({ smart_invite_id: 'x'.repeat(10_240) })],
    ['control characters in the id', bodyOf({ smart_invite_id: 'the-id\r\nX: y' })],
    ['half a character in the id', bodyOf({ smart_invite_id: 'the-id\ud800' })],
    ['a recipient’s address of 10 KB', bodyOf({ recipient: { email: `${'x'.repeat(10_240)}@example.com` } })],
    ['control characters in a recipient’s address', bodyOf({ recipient: { email: `${EMAIL}\u0000` } })],
    [
      'control characters in the address of the person who replied',
      bodyOf({ reply: { ...reply, email: `${EMAIL}\n` } }),
    ],
    ['a reply of another shape', bodyOf({ reply: 'accepted' })],
    ['no JSON', Buffer.from('{"notification":')],
    ['an empty body', Buffer.alloc(0)],
    ...['null', '[]', '7', '{}'].map((text): [string, Buffer] => [text, Buffer.from(text)]),
  ])('with %s is ignored', (_, body) => {
    expect(decodeNotification(body, 'US')).toBeNull();
  });
});

describe('the overlay of a notification', () => {
  const event = { start: '2026-05-04T09:30:00Z', end: '2026-05-04T10:00:00Z' };
  const pending = { email: EMAIL, status: 'pending' };
  const known = (wire: object) =>
    decodeSmartInvite({ smart_invite_id: 'the-id', event, ...wire }, smartInviteRef('US', 'the-id', null));
  const laidOver = (invite: SmartInvite, notification: object) =>
    decodeNotification(bodyOf(notification), 'US')?.overlay(invite) as SmartInvite;

  test('changes the recipient, with comment and proposal', () => {
    const time = { time: '2026-05-02T23:00:00+02:00', tzid: 'Europe/Paris' };
    const declined = { ...reply, status: 'declined', proposal: { start: time, end: time } };
    const told = { dateTime: time.time, date: null, timeZone: time.tzid };
    const after = laidOver(known({ recipient: pending }), { recipient: declined, reply: declined });
    const expected = { status: 'DECLINED', comment: 'Gladly.', proposal: { start: told, end: told } };
    expect(after.recipient).toMatchObject(expected);
    expect(after.recipients).toEqual([after.recipient]);
    expect(after.replies).toEqual([after.recipient]);
  });

  test('changes the one of several recipients who replied, whatever the case of the address', () => {
    const other = { email: 'other@example.com', status: 'tentative' };
    const after = laidOver(known({ recipients: [pending, other] }), {
      reply: { ...reply, email: EMAIL.toUpperCase() },
    });
    expect(after.recipient).toBeNull();
    expect(after.recipients.map(({ status }) => status)).toEqual(['ACCEPTED', 'TENTATIVE']);
    expect(after.replies.map(({ status }) => status)).toEqual(['ACCEPTED']);
  });

  test('adds the reply of one to whom the invitation was forwarded, and leaves the recipient unchanged', () => {
    const before = known({ recipient: pending, replies: [] });
    const forwarded = { recipient: pending, reply: { email: 'colleague@example.net', status: 'accepted' } };
    const after = laidOver(before, forwarded);
    expect(after.recipient).toEqual(before.recipient);
    expect(after.recipients).toEqual(before.recipients);
    expect(after.replies.map(({ email, status }) => [email, status])).toEqual([['colleague@example.net', 'ACCEPTED']]);
    expect(laidOver(after, forwarded)).toEqual(after);
  });

  test('replaces an earlier reply of the same person', () => {
    const before = known({
      recipient: { ...pending, status: 'declined' },
      replies: [{ ...pending, status: 'declined' }],
    });
    const after = laidOver(before, { recipient: reply, reply });
    expect(after.replies).toHaveLength(1);
    expect(after.replies[0]).toMatchObject({ status: 'ACCEPTED', comment: 'Gladly.' });
  });

  test('changes nothing else of the invite, and no invitation of another kind', () => {
    const before = known({ recipient: pending, callback_url: 'https://before.example.com/' });
    const { recipient, recipients, replies, ...rest } = laidOver(before, { recipient: reply, reply });
    expect(before).toMatchObject(rest);
    expect(before.recipient?.status).toBe('PENDING');
    const sms = {
      type: 'ReviewInvitation',
      invitationId: 'the-id',
      deliveryStatus: 'SENT',
      rawStatus: 'SENT',
    } as const;
    expect(decodeNotification(bodyOf({ reply }), 'US')?.overlay(sms)).toBe(sms);
  });
});
