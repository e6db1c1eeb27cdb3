// Cronofy's JSON against its documentation's example, of which example.json beside this file is a copy, and against
// what else was seen of it: the folder's README lists both.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProviderBadResponse } from '../../../src/invitation/problem.ts';
import { decodeSmartInvite } from '../../../src/providers/cronofy/wire.ts';
import { smartInviteRef } from '../../refs.ts';
import { asked, askedAsWhole, EMAIL, event, example, ID, without } from './example.ts';

test("the documentation's example is decoded field by field", () => {
  const time = { dateTime: '2026-05-02T23:00:00+02:00', date: null, timeZone: 'Europe/Paris' };
  const declined = { status: 'DECLINED', rawStatus: 'declined', comment: 'example comment' };
  const recipient = { email: EMAIL, ...declined, proposal: { start: time, end: time } };
  expect(decodeSmartInvite(example, asked)).toEqual({
    type: 'SmartInvite',
    dataCenter: 'DE',
    smartInviteId: ID,
    recipient,
    recipients: [recipient],
    replies: [
      { email: 'person1@example.com', status: 'ACCEPTED', rawStatus: 'accepted', comment: null, proposal: null },
      { email: 'person2@example.com', ...declined, proposal: { start: time, end: time } },
    ],
    callbackUrl: 'https://yourapp.example.com/cronofy/smart_invite/notifications',
    event: {
      summary: 'Board meeting',
      description: 'Discuss plans for the next quarter.',
      start: { dateTime: '2026-05-04T09:30:00Z', date: null, timeZone: 'Europe/London' },
      end: { dateTime: '2026-05-04T10:00:00Z', date: null, timeZone: 'Europe/London' },
      location: { description: 'Board room' },
    },
    attachments: { icalendar: 'BEGIN:VCALENDAR\nVERSION:2.0...' },
  });
});

describe('an answer', () => {
  test('for several people has recipients and no recipient', () => {
    const recipients = [
      { email: 'guest1@example.com', status: 'accepted' },
      { email: 'guest2@example.com', status: 'tentative' },
    ];
    const decoded = decodeSmartInvite({ ...without('recipient', 'replies'), recipients }, askedAsWhole);
    expect(decoded.recipient).toBeNull();
    expect(decoded.recipients.map(({ email, status }) => [email, status])).toEqual([
      ['guest1@example.com', 'ACCEPTED'],
      ['guest2@example.com', 'TENTATIVE'],
    ]);
  });

  test('for a single entry in recipients is for that one person', () => {
    const recipients = [{ email: EMAIL, status: 'accepted' }];
    const decoded = decodeSmartInvite({ ...without('recipient'), recipients }, askedAsWhole);
    expect(decoded.recipient).toMatchObject({ email: EMAIL, status: 'ACCEPTED' });
  });

  test('may lack optional fields, or have null for them', () => {
    const least = { recipient: { email: EMAIL }, event };
    const nulls = {
      recipient: { email: EMAIL, status: null, comment: null, proposal: null },
      recipients: null,
      replies: null,
      smart_invite_id: null,
      callback_url: null,
      event: { ...event, summary: null, description: null, tzid: null, location: null },
      attachments: null,
    };
    const decoded = decodeSmartInvite(least, asked);
    expect(decoded).toMatchObject({ smartInviteId: ID, replies: [], callbackUrl: null, attachments: null });
    expect(decoded.recipient).toEqual({
      email: EMAIL,
      status: 'UNKNOWN',
      rawStatus: null,
      comment: null,
      proposal: null,
    });
    expect(decoded.event).toMatchObject({ summary: null, description: null, location: null });
    expect(decodeSmartInvite(nulls, asked)).toEqual(decoded);
  });

  test('may have flat times with one zone for the event', () => {
    const flat = { start: '2017-10-05T09:30:00Z', end: '2017-10-05T10:00:00Z', tzid: 'America/Chicago' };
    expect(decodeSmartInvite({ ...example, event: flat }, asked).event).toMatchObject({
      start: { dateTime: '2017-10-05T09:30:00Z', date: null, timeZone: 'America/Chicago' },
      end: { dateTime: '2017-10-05T10:00:00Z', date: null, timeZone: 'America/Chicago' },
    });
  });

  test("has a time's own zone before the event's", () => {
    const both = { ...event, start: { time: event.start, tzid: 'Europe/Paris' }, tzid: 'America/Chicago' };
    const { start, end } = decodeSmartInvite({ ...example, event: both }, asked).event;
    expect([start.timeZone, end.timeZone]).toEqual(['Europe/Paris', 'America/Chicago']);
  });

  test('may have a whole day for a time, which stays that day', () => {
    const days = { start: { time: '2026-05-04', tzid: 'Pacific/Auckland' }, end: '2026-05-05' };
    expect(decodeSmartInvite({ ...example, event: days }, asked).event).toMatchObject({
      start: { dateTime: null, date: '2026-05-04', timeZone: 'Pacific/Auckland' },
      end: { dateTime: null, date: '2026-05-05', timeZone: null },
    });
  });

  test('may have a space for the T', () => {
    const spaced = { start: { time: '2026-05-04 09:30:00+02:00' }, end: '2026-05-04 10:00:00Z' };
    const { start, end } = decodeSmartInvite({ ...example, event: spaced }, asked).event;
    expect([start.dateTime, end.dateTime]).toEqual(['2026-05-04T09:30:00+02:00', '2026-05-04T10:00:00Z']);
  });

  test('may have unknown fields, which are not passed on', () => {
    const more = { ...example, method: 'request', organizer: { email: 'boss@example.com' } };
    expect(decodeSmartInvite(more, asked)).toEqual(decodeSmartInvite(example, asked));
  });

  test.each(['needs-action', 'Accepted', 'constructor', '__proto__', ''])('keeps the unknown status %j', (status) => {
    const decoded = decodeSmartInvite({ ...example, recipient: { email: EMAIL, status } }, asked);
    expect(decoded.recipient).toMatchObject({ status: 'UNKNOWN', rawStatus: status });
  });

  test.each(['pending', 'accepted', 'tentative', 'declined'])('knows the status %s', (status) => {
    const decoded = decodeSmartInvite({ ...example, recipient: { email: EMAIL, status } }, asked);
    expect(decoded.recipient).toMatchObject({ status: status.toUpperCase(), rawStatus: status });
  });
});

test('a time keeps its exact text, with its offset', () => {
  const two = (n: number) => String(n).padStart(2, '0');
  const moment = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  const offset = fc.oneof(
    fc.constant('Z'),
    fc
      .tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 14 }), fc.constantFrom(0, 15, 30, 45))
      .map(([sign, hours, minutes]) => `${sign}${two(hours)}:${two(minutes)}`),
  );
  const time = fc
    .tuple(moment, fc.constantFrom(19, 23), offset)
    .map(([date, length, zone]) => date.toISOString().slice(0, length) + zone);
  fc.assert(
    fc.property(time, time, (start, end) => {
      const proposal = { start: { time: start, tzid: 'Europe/Paris' }, end };
      const json = { ...example, recipient: { email: EMAIL, proposal }, event: { start, end: { time: end } } };
      const decoded = decodeSmartInvite(json, asked);
      expect([decoded.event.start.dateTime, decoded.event.end.dateTime]).toEqual([start, end]);
      expect(decoded.recipient?.proposal?.start.dateTime).toBe(start);
      expect(decoded.recipient?.proposal?.end.dateTime).toBe(end);
    }),
  );
});

describe('an answer is refused', () => {
  const paths = pathsIn(example);

  test('where any one of its fields has the wrong type', () => {
    expect(paths).toContain('recipient.proposal.end.tzid');
    for (const path of paths.filter((path) => !path.startsWith('replies.'))) {
      expect(() => decodeSmartInvite(replaced(example, path.split('.'), 42), asked), path).toThrow(ProviderBadResponse);
    }
  });

  test.each([
    'noon',
    '',
    '2026-05-04T09:30:00',
    '2026-13-04T09:30:00Z',
    '2026-02-30',
    '1777887000',
    '2026-05-04T9:30Z',
  ])('where a time is %j', (time) => {
    for (const path of ['event.start.time', 'event.end', 'recipient.proposal.start.time']) {
      expect(() => decodeSmartInvite(replaced(example, path.split('.'), time), asked)).toThrow(ProviderBadResponse);
    }
  });

  test.each([
    ['null', null],
    ['a list', []],
    ['a text', 'declined'],
    ['an empty object', {}],
    ['nothing', undefined],
    ['without an event', without('event')],
    ['without a recipient', without('recipient')],
    ['with empty recipients', { ...without('recipient'), recipients: [] }],
    ['about another invite', { ...example, smart_invite_id: 'another' }],
    ['about the same id in another case', { ...example, smart_invite_id: ID.toUpperCase() }],
    ['about another recipient', { ...example, recipient: { email: 'somebody@example.com', status: 'accepted' } }],
    ['about others than the one asked for', { ...without('recipient'), recipients: [{ email: 'guest@example.com' }] }],
    ['about a recipient without an address', { ...example, recipient: { email: '', status: 'accepted' } }],
    ['about a recipient whose address no id can hold', { ...example, recipient: { email: `${EMAIL}\n` } }],
  ])('where it is %s', (_, json) => {
    expect(() => decodeSmartInvite(json, asked)).toThrow(ProviderBadResponse);
  });
});

test('an address is found in any case, and keeps the case that the provider gives', () => {
  const shouting = smartInviteRef('DE', ID, 'CRONOFY@Example.COM');
  expect(decodeSmartInvite(example, shouting).recipient?.email).toBe(EMAIL);
  const given = { ...example, recipient: { email: 'Cronofy@Example.com', status: 'accepted' } };
  expect(decodeSmartInvite(given, asked).recipient?.email).toBe('Cronofy@Example.com');
});

/** Every place in it, objects and lists too, as `replies.0.email`. */
function pathsIn(json: unknown, prefix = ''): string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => [prefix + name, ...pathsIn(value, `${prefix}${name}.`)]);
}

function replaced(json: unknown, [name = '', ...rest]: readonly string[], value: unknown): unknown {
  if (typeof json !== 'object' || json === null) throw new TypeError(`there is no ${name} to replace`);
  const inner = rest.length === 0 ? value : replaced(Reflect.get(json, name), rest, value);
  return Array.isArray(json) ? json.with(Number(name), inner) : { ...json, [name]: inner };
}
