// Callers choose ids and addresses freely: whatever text is in them, the gateway confuses no two invitations, within one
// operation and between operations.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

const EVENT = { start: { time: '2030-05-02', tzid: 'Etc/UTC' }, end: { time: '2030-05-03', tzid: 'Etc/UTC' } };

const TIMES = [1, 2, 3];

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.stop());

/** Puts an invite to this person; its title says which one it is. */
function invite(smartInviteId: string, email: string, summary: string): void {
  gateway.sandbox.cronofy.put({
    smart_invite_id: smartInviteId,
    recipient: { email, status: 'pending' },
    event: { ...EVENT, summary },
  });
}

/** Which invitations were asked for upstream, with or without their ICS, in no order. */
function takeAsked(): string[] {
  const { partoo, cronofy } = gateway.takeCalls();
  return [...partoo, ...cronofy]
    .map((target) => new URL(target, 'http://provider').searchParams)
    .map((parameters) =>
      [
        parameters.get('invitation_id') ?? parameters.get('smart_invite_id'),
        ...(parameters.has('recipient_email') ? [parameters.get('recipient_email')] : []),
        ...(parameters.has('include_ics') ? ['ICS'] : []),
      ].join(' | '),
    )
    .sort();
}

describe('an id that ends in " by age"', () => {
  const SENT = { invitationId: 'foo by age', deliveryStatus: 'SENT' };
  const CREATED = { invitationId: 'foo', deliveryStatus: 'CREATED' };
  const FIELDS = 'invitationId deliveryStatus';
  const PLAIN = `reviewInvitation(invitationId: "foo by age") { ${FIELDS} }`;
  const AGED = `reviewInvitation(invitationId: "foo", maxAgeSeconds: 5) { ${FIELDS} }`;

  beforeEach(() => {
    gateway.sandbox.partoo.put({ invitation_id: 'foo by age', status: 'SENT' });
    gateway.sandbox.partoo.put({ invitation_id: 'foo', status: 'CREATED' });
  });

  test.each([
    ['before', `{ plain: ${PLAIN} aged: ${AGED} }`, {}],
    ['after', `{ aged: ${AGED} plain: ${PLAIN} }`, {}],
    [
      'by variables before',
      `query($plain: ID!, $aged: ID!, $age: Int, $none: Int) {
        plain: reviewInvitation(invitationId: $plain, maxAgeSeconds: $none) { ${FIELDS} }
        aged: reviewInvitation(invitationId: $aged, maxAgeSeconds: $age) { ${FIELDS} }
      }`,
      { plain: 'foo by age', aged: 'foo', age: 5 },
    ],
    [
      'in fragments after',
      `{ ...Aged ...Plain } fragment Aged on Query { aged: ${AGED} } fragment Plain on Query { plain: ${PLAIN} }`,
      {},
    ],
  ])('differs from the id without it, given %s one with an age', async (_, query, variables) => {
    for (const _ of TIMES) {
      expect(await gateway.query(query, variables)).toEqual({ status: 200, data: { plain: SENT, aged: CREATED } });
    }
    expect(takeAsked()).toEqual(['foo', 'foo by age']);
  });

  test('differs from the id without it in lists of several ages', async () => {
    const list = (name: string, more: string) => `${name}: invitations(refs: $refs${more}) { ...Fields }`;
    const query = `query($refs: [InvitationRef!]!) {
      ${list('none', '')} ${list('five', ', maxAgeSeconds: 5')} ${list('nine', ', maxAgeSeconds: 9')}
    }
    fragment Fields on ReviewInvitation { ${FIELDS} }`;
    const refs = ['foo', 'foo by age', 'foo by age by age', 'foo'].map((invitationId) => ({
      reviewInvitation: { invitationId },
    }));
    const found = [CREATED, SENT, null, CREATED];
    for (const _ of TIMES) {
      const { data, errors } = await gateway.query(query, { refs });
      expect(errors).toBeUndefined();
      expect(data).toEqual({ none: found, five: found, nine: found });
    }
    expect(takeAsked()).toEqual(['foo', 'foo by age', 'foo by age by age']);
  });
});

describe('a recipient whose name ends in " with ICS"', () => {
  const GUEST = 'guest@example.org';
  const NAMESAKE = `${GUEST} with ICS`;
  const plain = (email: string) =>
    `smartInvite(smartInviteId: "party", recipientEmail: "${email}") { recipient { email } event { summary } }`;
  const withExtras = (email: string) =>
    `smartInvite(smartInviteId: "party", recipientEmail: "${email}") { recipient { email } attachments { icalendar } }`;
  const own = (email: string, summary: string) => ({ recipient: { email }, event: { summary } });
  const ownWithIcalendar = (email: string, summary: string) => ({
    recipient: { email },
    attachments: { icalendar: expect.stringContaining(`SUMMARY:${summary}`) },
  });

  beforeEach(() => {
    invite('party', GUEST, 'of the guest');
    invite('party', NAMESAKE, 'of the namesake');
  });

  test.each([
    ['after', `{ guest: ${withExtras(GUEST)} namesake: ${plain(NAMESAKE)} }`],
    ['before', `{ namesake: ${plain(NAMESAKE)} guest: ${withExtras(GUEST)} }`],
  ])('differs from the recipient without it, read %s the ICS of that one in one operation', async (_, query) => {
    for (const _ of TIMES) {
      const { data, errors } = await gateway.query(query);
      expect(errors).toBeUndefined();
      expect(data.guest).toEqual(ownWithIcalendar(GUEST, 'of the guest'));
      expect(data.namesake).toEqual(own(NAMESAKE, 'of the namesake'));
    }
    expect(takeAsked()).toEqual([`party | ${NAMESAKE}`, `party | ${GUEST} | ICS`]);
  });

  test.each([
    ['the ICS first', [true, false]],
    ['the ICS last', [false, true]],
  ])('differs from the recipient without it in consecutive operations, %s', async (_, order) => {
    for (const _ of TIMES) {
      for (const isWithIcalendar of order) {
        const { data } = await gateway.query(
          isWithIcalendar ? `{ one: ${withExtras(GUEST)} }` : `{ one: ${plain(NAMESAKE)} }`,
        );
        expect(data.one).toEqual(
          isWithIcalendar ? ownWithIcalendar(GUEST, 'of the guest') : own(NAMESAKE, 'of the namesake'),
        );
      }
    }
    expect(takeAsked()).toEqual([`party | ${NAMESAKE}`, `party | ${GUEST} | ICS`]);
  });

  test('is null if that recipient does not exist, though the recipient without it was read with its ICS', async () => {
    const nobody = `${NAMESAKE} with ICS`;
    for (const _ of TIMES) {
      const query = `{ namesake: ${withExtras(NAMESAKE)} nobody: ${plain(nobody)} }`;
      const { data, errors } = await gateway.query(query);
      expect(errors).toBeUndefined();
      expect(data.namesake).toEqual(ownWithIcalendar(NAMESAKE, 'of the namesake'));
      expect(data.nobody).toBeNull();
    }
  });
});

test.each([
  ['a space moves from the id to the address', ['a b', 'c@example.org'], ['a', 'b c@example.org']],
  ['the address looks like the length of an id', ['a', '1 a@example.org'], ['a 1', 'a@example.org']],
  [
    'an id looks like a whole key',
    ['SmartInvite 2 US 1 a', '13 b@example.org'],
    ['SmartInvite', '2 US 1 a 13 b@example.org'],
  ],
  ['an id has a whole key in it', ['SmartInvite 2 US 1 a 13 b@example.org', 'b@example.org'], ['a', 'b@example.org']],
  ['an id has the mark of an ICS before it', ['I SmartInvite 2 US 1 a', 'b@example.org'], ['a', 'b@example.org']],
  ['an id ends like one without an address', ['a -', 'b@example.org'], ['a', '-b@example.org']],
  ['one letter is written in another case', ['Case', 'X@example.org'], ['case', 'x@example.org']],
  ['one letter is composed of two', ['caf\u00e9', 'b@example.org'], ['cafe\u0301', 'b@example.org']],
] as const)('two invites differ where %s', async (_, one, other) => {
  invite(one[0], one[1], 'one');
  invite(other[0], other[1], 'other');
  const query = `query($a: ID!, $x: String, $b: ID!, $y: String) {
    one: smartInvite(smartInviteId: $a, recipientEmail: $x) { ...Fields attachments { icalendar } }
    other: smartInvite(smartInviteId: $b, recipientEmail: $y) { ...Fields }
  }
  fragment Fields on SmartInvite { smartInviteId recipient { email } event { summary } }`;
  for (const _ of TIMES) {
    const { data, errors } = await gateway.query(query, { a: one[0], x: one[1], b: other[0], y: other[1] });
    expect(errors).toBeUndefined();
    expect(data.one).toMatchObject({ smartInviteId: one[0], recipient: { email: one[1] }, event: { summary: 'one' } });
    expect(data.other).toEqual({
      smartInviteId: other[0],
      recipient: { email: other[1] },
      event: { summary: 'other' },
    });
  }
  expect(takeAsked()).toEqual([`${one[0]} | ${one[1]} | ICS`, `${other[0]} | ${other[1]}`].sort());
});
