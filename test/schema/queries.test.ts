// Every query gives what the providers have, field by field and nothing made up: the sandbox's scenario is the truth.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { globalIdOf } from '../../src/invitation/ref.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { reviewInvitationRef } from '../refs.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const TIME = '{ dateTime date timeZone }';
const REPLY = `{ email status rawStatus comment proposal { start ${TIME} end ${TIME} } }`;
const WHOLE = `{
  __typename id externalId provider status rawStatus isFinal isStale staleness { reason retryAt }
  smartInviteId dataCenter callbackUrl attachments { icalendar }
  recipient ${REPLY} recipients ${REPLY} replies ${REPLY}
  event { summary description start ${TIME} end ${TIME} location { description } }
}`;
const SMART_INVITE = `query($id: ID!, $email: String) { smartInvite(smartInviteId: $id, recipientEmail: $email) ${WHOLE} }`;

async function smartInvite(id: string, email?: string) {
  const { data, errors } = await gateway.query(SMART_INVITE, { id, email });
  expect(errors).toBeUndefined();
  return data.smartInvite;
}

const PARIS = { dateTime: '2026-05-02T23:00:00+02:00', date: null, timeZone: 'Europe/Paris' };
const proposal = { start: PARIS, end: PARIS };
const DECLINED = { status: 'DECLINED', rawStatus: 'declined', comment: 'example comment', proposal };

describe('a Smart Invite', () => {
  test('has every field of the documentation of Cronofy, with its offsets', async () => {
    const recipient = { email: 'cronofy@example.com', ...DECLINED };
    expect(await smartInvite('board-meeting', 'cronofy@example.com')).toEqual({
      __typename: 'SmartInvite',
      id: expect.stringMatching(/^[\w-]+$/),
      externalId: 'board-meeting',
      provider: 'CRONOFY',
      status: 'DECLINED',
      rawStatus: 'declined',
      isFinal: Date.now() >= Date.parse('2026-05-04T10:00:00Z'),
      isStale: false,
      staleness: null,
      smartInviteId: 'board-meeting',
      dataCenter: 'US',
      callbackUrl: 'https://yourapp.example.com/cronofy/smart_invite/notifications',
      attachments: { icalendar: expect.stringMatching(/^BEGIN:VCALENDAR\r\n/) },
      recipient,
      recipients: [recipient],
      replies: [
        { email: 'person1@example.com', status: 'ACCEPTED', rawStatus: 'accepted', comment: null, proposal: null },
        { email: 'person2@example.com', ...DECLINED },
      ],
      event: {
        summary: 'Board meeting',
        description: 'Discuss plans for the next quarter.',
        start: { dateTime: '2026-05-04T09:30:00Z', date: null, timeZone: 'Europe/London' },
        end: { dateTime: '2026-05-04T10:00:00Z', date: null, timeZone: 'Europe/London' },
        location: { description: 'Board room' },
      },
    });
  });

  const clock = (hour: string) => ({
    dateTime: expect.stringMatching(new RegExp(`^\\d{4}-\\d{2}-\\d{2}T${hour}:00:00Z$`)),
    date: null,
    timeZone: 'America/Chicago',
  });
  const date = expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/);
  const dayIn = (timeZone: string | null) => ({ dateTime: null, date, timeZone });
  const people = (...statuses: string[]) =>
    statuses.map((status, n) => ({ email: `guest${n + 1}@example.com`, status }));
  const replied = (status: string, rawStatus: string) => ({
    status,
    rawStatus,
    recipient: { status, rawStatus },
    isFinal: false,
  });
  const colleague = { email: 'colleague@example.net', status: 'ACCEPTED' };

  const invites: Record<string, object> = {
    'invite-pending': replied('PENDING', 'pending'),
    'invite-accepted': replied('ACCEPTED', 'accepted'),
    'invite-tentative': replied('TENTATIVE', 'tentative'),
    'invite-declined': replied('DECLINED', 'declined'),
    'invite-unknown-status': replied('UNKNOWN', 'needs-action'),
    'invite-ended': { status: 'ACCEPTED', isFinal: true },
    'invite-forwarded': { ...replied('PENDING', 'pending'), recipients: [{ status: 'PENDING' }], replies: [colleague] },
    'invite-all-day': { event: { start: dayIn('Europe/Paris'), end: dayIn(null) } },
    'invite-flat-times': { event: { start: clock('09'), end: clock('10'), description: null, location: null } },
    'team-lunch': { status: 'PENDING', rawStatus: null, recipient: null, recipients: people('PENDING', 'ACCEPTED') },
    'team-offsite': {
      status: 'TENTATIVE',
      rawStatus: null,
      recipients: people('ACCEPTED', 'TENTATIVE', 'DECLINED'),
      replies: [],
    },
  };
  test.each(Object.entries(invites))('equals the invite at Cronofy: %s', async (id, expected) => {
    expect(await smartInvite(id)).toMatchObject(expected);
  });
});

test('an invitation that its provider does not have, or not with this recipient, is null without an error', async () => {
  expect(await smartInvite('nothing')).toBeNull();
  expect(await smartInvite('invite-pending', 'somebody@example.com')).toBeNull();
  const answer = await gateway.query('{ reviewInvitation(invitationId: "nothing") { id } }');
  expect(answer).toEqual({ status: 200, data: { reviewInvitation: null } });
});

describe('a review invitation', () => {
  const REVIEW = `query($id: ID!) {
    reviewInvitation(invitationId: $id) {
      __typename id externalId provider status isFinal isStale staleness { reason } observedAt invitationId deliveryStatus rawStatus
    }
  }`;

  test.each([
    ['d3d8c966-0356-4ec0-baae-13ec3622ebc2', 'DELIVERED', 'DELIVERED', true, 'DELIVERED'],
    ['review-created', 'CREATED', 'PENDING', false, 'CREATED'],
    ['review-sent', 'SENT', 'PENDING', false, 'SENT'],
    ['review-failed-send', 'FAILED_SEND', 'FAILED', true, 'FAILED_SEND'],
    ['review-delivered', 'DELIVERED', 'DELIVERED', true, 'DELIVERED'],
    ['review-failed-delivery', 'FAILED_DELIVERY', 'FAILED', true, 'FAILED_DELIVERY'],
    ['review-unknown-status', 'UNKNOWN', 'UNKNOWN', false, 'QUEUED_BY_CARRIER'],
    ['review-empty', 'UNKNOWN', 'UNKNOWN', false, null],
  ])('%s is %s', async (id, deliveryStatus, status, isFinal, rawStatus) => {
    const before = Date.now();
    const { data, errors } = await gateway.query(REVIEW, { id });
    expect(errors).toBeUndefined();
    expect(data.reviewInvitation).toEqual({
      __typename: 'ReviewInvitation',
      id: expect.stringMatching(/^[\w-]+$/),
      externalId: id,
      provider: 'PARTOO',
      status,
      isFinal,
      isStale: false,
      staleness: null,
      observedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/),
      invitationId: id,
      deliveryStatus,
      rawStatus,
    });
    const observedAt = Date.parse(data.reviewInvitation.observedAt);
    expect(observedAt).toBeGreaterThanOrEqual(before);
    expect(observedAt).toBeLessThanOrEqual(Date.now());
  });
});

test('an invitation has the same id by each way of naming it', async () => {
  const names = '{ __typename id status }';
  const first = await gateway.query(`{
    review: reviewInvitation(invitationId: "review-sent") ${names}
    invite: smartInvite(smartInviteId: "invite-accepted") ${names}
    other: invitation(ref: { reviewInvitation: { invitationId: "review-sent" } }) ${names}
    address: smartInvite(smartInviteId: "invite-accepted", recipientEmail: "invite-accepted@example.com") ${names}
    place: invitation(ref: { smartInvite: { smartInviteId: "invite-accepted", dataCenter: US } }) ${names}
  }`);
  expect(first.errors).toBeUndefined();
  const { review, invite } = first.data;
  expect(review).toMatchObject({ __typename: 'ReviewInvitation', status: 'PENDING' });
  expect(invite).toMatchObject({ __typename: 'SmartInvite', status: 'ACCEPTED' });
  expect(first.data).toEqual({ review, invite, other: review, address: invite, place: invite });

  const again = await gateway.query(
    `query($review: ID!, $invite: ID!, $nothing: ID!) {
      node(id: $review) { __typename id ... on Invitation { status } }
      nodes(ids: [$invite, $nothing, $review]) { __typename id ... on Invitation { status } }
      invitation(ref: { id: $invite }) ${names}
      invitations(refs: [{ id: $review }, { id: $nothing }, { id: $invite }]) ${names}
    }`,
    { review: review.id, invite: invite.id, nothing: globalIdOf(reviewInvitationRef('nothing')) },
  );
  expect(again).toEqual({
    status: 200,
    data: { node: review, nodes: [invite, null, review], invitation: invite, invitations: [review, null, invite] },
  });
});

test('an address in another case gives the same id', async () => {
  const asCronofyHasIt = await smartInvite('board-meeting', 'cronofy@example.com');
  // Whether Cronofy minds the case is not known; where it does not, it answers with the address as it has it.
  const body = JSON.stringify({
    smart_invite_id: 'board-meeting',
    recipient: { email: 'cronofy@example.com', status: 'declined' },
    event: { start: { time: '2026-05-04T09:30:00Z' }, end: { time: '2026-05-04T10:00:00Z' } },
  });
  gateway.sandbox.cronofy.misbehave({ status: 200, body, match: 'Cronofy%40Example.com' });
  expect((await smartInvite('board-meeting', 'Cronofy@Example.com')).id).toBe(asCronofyHasIt.id);
});

test('providers lists which are configured, and a read of another gives PROVIDER_NOT_CONFIGURED', async () => {
  const partooOnly = await startTestGateway({ environment: { CRONOFY_CLIENT_SECRET: '' } });
  onTestFinished(() => partooOnly.stop());
  const { data, errors } = await partooOnly.query(`{
    providers { provider isConfigured }
    smartInvite(smartInviteId: "invite-pending") { id }
  }`);
  const [cronofy, partoo] = data.providers;
  expect(cronofy).toEqual({ provider: 'CRONOFY', isConfigured: false });
  expect(partoo).toEqual({ provider: 'PARTOO', isConfigured: true });
  expect(data.smartInvite).toBeNull();
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'PROVIDER_NOT_CONFIGURED', provider: 'CRONOFY' });
});

test('a data center that the base URL does not serve gives PROVIDER_NOT_CONFIGURED, and no call is made', async () => {
  gateway.takeCalls();
  const { data, errors } = await gateway.query('{ smartInvite(smartInviteId: "a", dataCenter: DE) { id } }');
  expect(data).toEqual({ smartInvite: null });
  expect(errors).toMatchObject([{ path: ['smartInvite'], extensions: { code: 'PROVIDER_NOT_CONFIGURED' } }]);
  expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
});

test('operationName selects the operation of a document, whatever the order of the requests', async () => {
  const data = { A: { a: { invitationId: 'review-sent' } }, B: { b: { smartInviteId: 'invite-pending' } } };
  for (const order of ['ABAABB', 'BABBAA']) {
    const query = `query A { a: reviewInvitation(invitationId: "review-sent") { invitationId } }
      query B { b: smartInvite(smartInviteId: "invite-pending") { smartInviteId } } # ${order}`;
    for (const operationName of order) {
      expect(await post({ query, operationName })).toEqual({ data: data[operationName as 'A' | 'B'] });
    }
    expect(await post({ query })).not.toHaveProperty('data');
    expect(await post({ query, operationName: 'C' })).not.toHaveProperty('data');
  }
});

async function post(body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${gateway.origin}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })).json();
}

test('the gateway answers a query by GET', async () => {
  const query = 'query($id: ID!) { reviewInvitation(invitationId: $id) { invitationId } }';
  for (const id of ['review-sent', 'review-created', 'review-delivered']) {
    const parameters = new URLSearchParams({ query, variables: JSON.stringify({ id }) });
    const response = await fetch(`${gateway.origin}/graphql?${parameters}`, {
      headers: { accept: 'application/json' },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ data: { reviewInvitation: { invitationId: id } } });
  }
});
