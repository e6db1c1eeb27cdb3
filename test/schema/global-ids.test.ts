// Global ids as input: the id of an invitation gives it, the id of an unknown invitation gives null, and text that cannot
// be an id is BAD_USER_INPUT everywhere.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { globalIdOf } from '../../src/invitation/ref.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());
beforeEach(() => void gateway.takeCalls());

const SENT = globalIdOf(reviewInvitationRef('review-sent'));
const PENDING = globalIdOf(smartInviteRef('US', 'invite-pending', null));
const made = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
const none = { partoo: [], cronofy: [] };

const IMPOSSIBLE: readonly [string, string][] = [
  ['empty', ''],
  ['a word', 'rubbish'],
  ['text that is not base64url', '%%%'],
  ['an id with its padding', `${SENT}=`],
  ['an id in base64', Buffer.from('["ReviewInvitation","~~~???"]').toString('base64')],
  ['JSON that is not a list', Buffer.from('{}').toString('base64url')],
  ['a list with spaces in it', Buffer.from('["ReviewInvitation", "review-sent"]').toString('base64url')],
  ['a provider\u2019s id', 'review-sent'],
  ['of nothing', made()],
  ['of an unknown type', made('Invitation', 'review-sent')],
  ['of a type that every object has', made('toString', 'review-sent')],
  ['of an empty part', made('ReviewInvitation', '')],
  ['of a part with control characters', made('ReviewInvitation', 'review\r\nsent')],
  ['of a part that is too long', made('ReviewInvitation', 'x'.repeat(10_000))],
  ['of a part that is not a string', made('ReviewInvitation', 7)],
  ['of too few parts', made('SmartInvite', 'US', 'board-meeting')],
  ['of too many parts', made('ReviewInvitation', 'review-sent', 'more')],
  ['of an unknown data center', made('SmartInvite', 'XX', 'board-meeting', null)],
  ['of an empty address', made('SmartInvite', 'US', 'board-meeting', '')],
];

const MISTAKE = { code: 'BAD_USER_INPUT', retryable: false };

describe.each(IMPOSSIBLE)('text that cannot be a global id: %s', (_, id) => {
  test('is a BAD_USER_INPUT of `node`, and nothing is read', async () => {
    const { data, errors } = await gateway.query('query($id: ID!) { node(id: $id) { id } }', { id });
    expect(data).toEqual({ node: null });
    expect(errors).toMatchObject([{ path: ['node'], extensions: MISTAKE }]);
    expect(errors?.[0]?.message).toMatch(/^This is no global id: /);
    expect(gateway.takeCalls()).toEqual(none);
  });

  test('is a BAD_USER_INPUT of a ref, and nothing is read', async () => {
    const { data, errors } = await gateway.query('query($id: ID!) { invitation(ref: { id: $id }) { id } }', { id });
    expect(data).toEqual({ invitation: null });
    expect(errors).toMatchObject([{ path: ['invitation'], extensions: MISTAKE }]);
    expect(gateway.takeCalls()).toEqual(none);
  });

  test('is a BAD_USER_INPUT at its index of a list, and the others are given', async () => {
    const { data, errors } = await gateway.query(
      `query($ids: [ID!]!, $refs: [InvitationRef!]!) { nodes(ids: $ids) { id } invitations(refs: $refs) { id } }`,
      { ids: [PENDING, id, SENT], refs: [id, SENT, id, PENDING].map((each) => ({ id: each })) },
    );
    expect(data).toEqual({
      nodes: [{ id: invitedId }, null, { id: SENT }],
      invitations: [null, { id: SENT }, null, { id: invitedId }],
    });
    expect(errors).toHaveLength(3);
    for (const path of [
      ['nodes', 1],
      ['invitations', 0],
      ['invitations', 2],
    ]) {
      expect(errors).toContainEqual(expect.objectContaining({ path, extensions: MISTAKE }));
    }
  });

  test('refuses the whole subscription, and nothing is read', async () => {
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({
        query: 'subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { id } }',
        variables: { refs: [{ id: SENT }, { id }] },
      }),
    });
    const events = (await response.text()).split('\n').filter((line) => line.startsWith('data: {'));
    expect(events).toHaveLength(1);
    const { data, errors } = JSON.parse(events[0]?.slice('data: '.length) ?? '');
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([{ extensions: { ...MISTAKE, refIndex: 1 } }]);
    expect(gateway.takeCalls()).toEqual(none);
  });
});

// The id of an invite to one person has the person's address.
const invitedId = globalIdOf(smartInviteRef('US', 'invite-pending', 'invite-pending@example.com'));

test('a valid id of an unknown invitation is read and gives null without an error', async () => {
  const [review, invite] = [reviewInvitationRef('unheard-of'), smartInviteRef('US', 'unheard-of', null)].map(
    globalIdOf,
  );
  for (const id of [review, invite]) {
    const answer = await gateway.query(
      `query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id }
        invitation(ref: { id: $id }) { id } invitations(refs: [{ id: $id }]) { id } }`,
      { id },
    );
    expect(answer).toEqual({ status: 200, data: { node: null, nodes: [null], invitation: null, invitations: [null] } });
  }
  expect(gateway.takeCalls()).toEqual({
    partoo: ['/v2/review_booster/invitation_status?invitation_id=unheard-of'],
    cronofy: ['/v1/smart_invites?smart_invite_id=unheard-of'],
  });
});

test('an id of the gateway is accepted again, also with an address that no caller could give', async () => {
  const event = { start: { time: '2099-05-02' }, end: { time: '2099-05-03' } };
  gateway.sandbox.cronofy.put({ smart_invite_id: 'odd', recipient: { email: 'resource-7', status: 'pending' }, event });
  const first = await gateway.query('{ smartInvite(smartInviteId: "odd") { id recipient { email } } }');
  expect(first.data.smartInvite.recipient).toEqual({ email: 'resource-7' });
  const { id } = first.data.smartInvite;
  const again = await gateway.query('query($id: ID!) { node(id: $id) { id } invitation(ref: { id: $id }) { id } }', {
    id,
  });
  expect(again).toEqual({ status: 200, data: { node: { id }, invitation: { id } } });
  const typed = await gateway.query('{ smartInvite(smartInviteId: "odd", recipientEmail: "resource-7") { id } }');
  expect(typed.errors).toMatchObject([{ path: ['smartInvite'], extensions: MISTAKE }]);
});
