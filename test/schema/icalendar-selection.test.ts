// `include_ics=true` makes Cronofy's answer many times larger, so it is sent exactly when the iCalendar text is
// selected. Every shape of query is sent several times: from the second time on it is compiled, and must still look at
// the variables it came with.

import { expect, onTestFinished, test } from 'vitest';
import type { Environment } from '../../src/settings.ts';
import { startTestGateway } from '../harness.ts';

const SHAPES: readonly [name: string, query: string, wanted: (want: boolean) => boolean][] = [
  ['selected', '{ ...at attachments { icalendar } }', () => true],
  ['not selected', '{ ...at smartInviteId event { summary } }', () => false],
  ['attachments without it', '{ ...at attachments { __typename } }', () => false],
  ['another field under its name', '{ ...at attachments { icalendar: __typename } }', () => false],
  ['another field under the name of attachments', '{ ...at attachments: event { icalendar: summary } }', () => false],
  ['aliases', '{ ...at files: attachments { text: icalendar } }', () => true],
  ['beside another attachments', '{ ...at attachments { __typename } more: attachments { icalendar } }', () => true],
  ['merged fields', '{ ...at attachments { __typename } attachments { icalendar } }', () => true],
  ['a named fragment', '{ ...Files }', () => true],
  ['a named fragment within a named fragment', '{ ...Outer }', () => true],
  ['a fragment on attachments', '{ ...at attachments { ...Ics } }', () => true],
  [
    'an inline fragment on attachments',
    '{ ...at attachments { ... on SmartInviteAttachments { icalendar } } }',
    () => true,
  ],
  ['an inline fragment without a type', '{ ...at ... { attachments { icalendar } } }', () => true],
  [
    'an inline fragment on Invitation',
    '{ ... on Invitation { id ... on SmartInvite { attachments { icalendar } } } }',
    () => true,
  ],
  ['an inline fragment on Node', '{ ... on Node { id ... on SmartInvite { attachments { icalendar } } } }', () => true],
  ['@include(if: true)', '{ ...at attachments @include(if: true) { icalendar } }', () => true],
  ['@include(if: false)', '{ ...at attachments @include(if: false) { icalendar } }', () => false],
  ['@skip(if: true)', '{ ...at attachments { __typename icalendar @skip(if: true) } }', () => false],
  ['@skip(if: false)', '{ ...at attachments { icalendar @skip(if: false) } }', () => true],
  ['@include by variable', '{ ...at attachments @include(if: $want) { icalendar } }', (want) => want],
  ['@skip by variable', '{ ...at attachments { __typename icalendar @skip(if: $want) } }', (want) => !want],
  ['@include on a named fragment', '{ ...at ...Files @include(if: $want) }', (want) => want],
  [
    '@skip on an inline fragment',
    '{ ...at ... on SmartInvite @skip(if: $want) { attachments { icalendar } } }',
    (want) => !want,
  ],
  ['@include inside a named fragment', '{ ...Wanted }', (want) => want],
  [
    '@include and @skip together',
    '{ ...at attachments @include(if: $want) @skip(if: $want) { icalendar } }',
    () => false,
  ],
];

const FRAGMENTS: Record<string, string> = {
  at: 'fragment at on SmartInvite { id }',
  Files: 'fragment Files on SmartInvite { id attachments { icalendar } }',
  Outer: 'fragment Outer on SmartInvite { id ...Files }',
  Ics: 'fragment Ics on SmartInviteAttachments { icalendar }',
  Wanted: 'fragment Wanted on SmartInvite { id attachments { __typename icalendar @include(if: $want) } }',
};

/** Each field that gives a Smart Invite; `refs` and `ids` name two, of which the second does not exist. */
const FIELDS: Record<string, (selection: string) => string> = {
  smartInvite: (selection) => `($key: ID!#) { smartInvite(smartInviteId: $key) ${selection} }`,
  invitation: (selection) =>
    `($key: ID!#) { invitation(ref: { smartInvite: { smartInviteId: $key } }) { ... on SmartInvite ${selection} } }`,
  invitations: (selection) =>
    `($key: ID!#) { invitations(refs: [{ smartInvite: { smartInviteId: $key } }]) { ... on SmartInvite ${selection} } }`,
  node: (selection) => `($key: ID!#) { node(id: $key) { ... on SmartInvite ${selection} } }`,
  nodes: (selection) => `($key: ID!#) { nodes(ids: [$key]) { ... on SmartInvite ${selection} } }`,
  _entities: (selection) =>
    `($key: ID!#) { _entities(representations: [{ __typename: "SmartInvite", id: $key }]) { ... on SmartInvite ${selection} } }`,
};

const BY_GLOBAL_ID = ['node', 'nodes', '_entities'];

/** The document: the fragments it uses along, and the variable only where it is used. */
function documentOf(field: (selection: string) => string, selection: string): string {
  let query = `query Shape${field(selection)}`;
  for (let size = 0; size !== query.length; ) {
    size = query.length;
    for (const [name, text] of Object.entries(FRAGMENTS)) {
      if (query.includes(`...${name} `) && !query.includes(text)) query += ` ${text}`;
    }
  }
  return query.replace('#', query.includes('$want') ? ', $want: Boolean!' : '');
}

/** A gateway whose Cronofy knows `keys`, and the global id of each. */
async function gatewayOf(keys: readonly string[], environment: Environment = {}) {
  const start = async () => {
    const gateway = await startTestGateway({ environment });
    onTestFinished(() => gateway.stop());
    const time = { time: '2027-01-02T03:04:05Z' };
    for (const key of keys) {
      const recipient = { email: `${key}@example.com`, status: 'pending' };
      gateway.sandbox.cronofy.put({ smart_invite_id: key, recipient, event: { start: time, end: time } });
    }
    return gateway;
  };
  const other = await start();
  const refs = keys.map((smartInviteId) => ({ smartInvite: { smartInviteId } }));
  const { data } = await other.query('query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }', { refs });
  return { gateway: await start(), ids: data.invitations.map(({ id }: { id: string }) => id) as string[] };
}

const KEYS = ['one', 'two', 'three', 'four'];
const WANTS = [true, false, true, false];

for (const [name, field] of Object.entries(FIELDS)) {
  test.each(SHAPES)(
    `${name} asks for the iCalendar text exactly when it is selected: %s`,
    async (_, selection, wanted) => {
      const { gateway, ids } = await gatewayOf(KEYS, name === '_entities' ? { FEDERATION: 'on' } : {});
      const query = documentOf(field, selection);
      for (const [n, key] of KEYS.entries()) {
        const want = WANTS[n] ?? false;
        const { data, errors } = await gateway.query(query, { key: BY_GLOBAL_ID.includes(name) ? ids[n] : key, want });

        expect(errors).toBeUndefined();
        expect(JSON.stringify(data)).toContain(ids[n]);
        expect(JSON.stringify(data).includes('BEGIN:VCALENDAR')).toBe(wanted(want));
        const { cronofy } = gateway.takeCalls();
        expect(cronofy.map((target) => new URL(target, 'http://cronofy').searchParams.getAll('include_ics'))).toEqual([
          wanted(want) ? ['true'] : [],
        ]);
      }
    },
  );
}

test('a read with the iCalendar text and one without in the same tick cause one call with it', async () => {
  const { gateway } = await gatewayOf(['one']);
  const { data } = await gateway.query(`{
    plain: smartInvite(smartInviteId: "one") { smartInviteId }
    full: smartInvite(smartInviteId: "one") { attachments { icalendar } }
    list: invitations(refs: [{ smartInvite: { smartInviteId: "one" } }]) { id }
  }`);
  expect(data.plain).toEqual({ smartInviteId: 'one' });
  expect(data.full.attachments.icalendar).toContain('BEGIN:VCALENDAR');
  expect(gateway.takeCalls().cronofy).toEqual(['/v1/smart_invites?smart_invite_id=one&include_ics=true']);
});

test('the gateway reads the iCalendar text only for invitations whose own field selects it', async () => {
  const { gateway } = await gatewayOf(['one', 'two']);
  await gateway.query(`{
    plain: smartInvite(smartInviteId: "one") { smartInviteId }
    full: smartInvite(smartInviteId: "two") { attachments { icalendar } }
  }`);
  expect(gateway.takeCalls().cronofy.sort()).toEqual([
    '/v1/smart_invites?smart_invite_id=one',
    '/v1/smart_invites?smart_invite_id=two&include_ics=true',
  ]);
});

test('a review invitation in the same list is read without it', async () => {
  const { gateway } = await gatewayOf(['one']);
  const { errors } = await gateway.query(`{
    invitations(refs: [{ reviewInvitation: { invitationId: "review-sent" } }, { smartInvite: { smartInviteId: "one" } }]) {
      ... on SmartInvite { attachments { icalendar } }
    }
  }`);
  expect(errors).toBeUndefined();
  expect(gateway.takeCalls()).toEqual({
    partoo: ['/v2/review_booster/invitation_status?invitation_id=review-sent'],
    cronofy: ['/v1/smart_invites?smart_invite_id=one&include_ics=true'],
  });
});
