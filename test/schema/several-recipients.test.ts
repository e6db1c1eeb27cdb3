// The status of an invite as a whole: it may have one recipient or several, and an unknown reply does not hide a known
// one.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const FIELDS = '{ __typename externalId status rawStatus ... on SmartInvite { recipient { status } } }';

/** The answer of the gateway for an invite whose recipients replied this. */
async function told(id: string, ...statuses: readonly (string | undefined)[]) {
  const recipients = statuses.map((status, n) => ({
    email: `guest${n}@example.com`,
    ...(status === undefined ? {} : { status }),
  }));
  const event = { start: { time: '2099-05-02' }, end: { time: '2099-05-03' } };
  gateway.sandbox.cronofy.put({ smart_invite_id: id, recipients, event });
  const query = `query($id: ID!) { invitation(ref: { smartInvite: { smartInviteId: $id } }, maxAgeSeconds: 0) ${FIELDS} }`;
  const { data, errors } = await gateway.query(query, { id });
  expect(errors).toBeUndefined();
  return data.invitation;
}

describe('the status of an invite to several people', () => {
  test.each([
    ['PENDING', ['pending', 'accepted']],
    ['PENDING', ['declined', 'tentative', 'pending']],
    ['PENDING', ['pending', 'needs-action']],
    ['TENTATIVE', ['accepted', 'tentative', 'declined']],
    ['TENTATIVE', ['tentative', 'needs-action']],
    ['ACCEPTED', ['accepted', 'accepted']],
    ['ACCEPTED', ['declined', 'accepted']],
    ['ACCEPTED', ['needs-action', 'accepted', 'declined']],
    ['DECLINED', ['declined', 'declined']],
    ['DECLINED', ['declined', 'needs-action']],
    ['DECLINED', [undefined, 'declined']],
    ['UNKNOWN', ['needs-action', undefined]],
  ])('is %s where they replied %j, and rawStatus is null', async (status, statuses) => {
    const whole = { __typename: 'SmartInvite', externalId: 'several', status, rawStatus: null, recipient: null };
    expect(await told('several', ...statuses)).toEqual(whole);
    expect(await told('several', ...statuses.toReversed())).toEqual(whole);
  });

  test('is the first of PENDING, TENTATIVE, ACCEPTED, DECLINED that one of them has, whatever the others replied', async () => {
    const words = ['pending', 'tentative', 'accepted', 'declined'];
    const reply = fc.constantFrom(...words, 'needs-action', undefined);
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { minLength: 2, maxLength: 6 }), async (replies) => {
        const first = words.find((word) => replies.includes(word)) ?? 'unknown';
        expect((await told('random', ...replies)).status).toBe(first.toUpperCase());
      }),
      { numRuns: 100 },
    );
  });
});

test.each([
  ['accepted', 'ACCEPTED', 'accepted'],
  ['needs-action', 'UNKNOWN', 'needs-action'],
  [undefined, 'UNKNOWN', null],
])(
  'an invite to one person who replied %j is %s, with the raw status of the provider',
  async (reply, status, rawStatus) => {
    expect(await told('single', reply)).toMatchObject({
      externalId: 'single',
      status,
      rawStatus,
      recipient: { status },
    });
  },
);

test('the externalId of an invitation is the id that the caller asked for, for each kind and each way of naming it', async () => {
  gateway.sandbox.partoo.put({ invitation_id: 'same', status: 'SENT' });
  await told('same', 'accepted', 'declined');
  const { data, errors } = await gateway.query(`{
    review: invitation(ref: { reviewInvitation: { invitationId: "same" } }) { id externalId status rawStatus }
    invite: invitation(ref: { smartInvite: { smartInviteId: "same" } }) { id externalId status rawStatus }
    guest: smartInvite(smartInviteId: "same", recipientEmail: "guest1@example.com") { id externalId status rawStatus }
  }`);
  expect(errors).toBeUndefined();
  const [review, invite] = [
    { id: expect.any(String), externalId: 'same', status: 'PENDING', rawStatus: 'SENT' },
    { id: expect.any(String), externalId: 'same', status: 'ACCEPTED', rawStatus: null },
  ];
  expect(data).toEqual({ review, invite, guest: invite });
  expect(data.review.id).not.toBe(data.invite.id);
  const again = await gateway.query(
    'query($ids: [ID!]!) { nodes(ids: $ids) { ... on Invitation { externalId rawStatus } } }',
    {
      ids: [data.review.id, data.invite.id],
    },
  );
  expect(again.data.nodes).toEqual([
    { externalId: 'same', rawStatus: 'SENT' },
    { externalId: 'same', rawStatus: null },
  ]);
});
