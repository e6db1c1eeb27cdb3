// What one operation costs upstream: one call an invitation, however often and by whatever name it is asked for, and
// what happens to the rest of the operation when some of these calls fail.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { CRONOFY_CLIENT_SECRET } from '../../src/sandbox/cronofy.ts';
import { PARTOO_API_KEY } from '../../src/sandbox/partoo.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

const LIST = `query List($refs: [InvitationRef!]!) {
  invitations(refs: $refs) {
    id
    ... on ReviewInvitation { invitationId deliveryStatus }
    ... on SmartInvite { smartInviteId recipient { status } }
  }
}`;

const review = (invitationId: string) => ({ reviewInvitation: { invitationId } });
const invite = (smartInviteId: string) => ({
  smartInvite: { smartInviteId, recipientEmail: `${smartInviteId}@example.com` },
});
const reviewTarget = (id: string) => `/v2/review_booster/invitation_status?invitation_id=${id}`;
const inviteTarget = (id: string) => `/v1/smart_invites?smart_invite_id=${id}&recipient_email=${id}%40example.com`;

/** A gateway whose providers know r-1 to r-n and s-1 to s-n. */
async function gatewayWith(n: number): Promise<TestGateway> {
  const gateway = await startTestGateway();
  onTestFinished(() => gateway.stop());
  for (const k of upTo(n)) {
    const time = { time: '2027-01-02T03:04:05Z', tzid: 'Etc/UTC' };
    gateway.sandbox.partoo.put({ invitation_id: `r-${k}`, status: 'SENT' });
    gateway.sandbox.cronofy.put({
      smart_invite_id: `s-${k}`,
      recipient: { email: `s-${k}@example.com`, status: 'accepted' },
      event: { start: time, end: time },
    });
  }
  return gateway;
}

const upTo = (n: number) => Array.from({ length: n }, (_, k) => k + 1);
const namesOf = (list: readonly ({ invitationId?: string; smartInviteId?: string } | null)[]) =>
  list.map((each) => each?.invitationId ?? each?.smartInviteId ?? null);

test('fifty invitations of both kinds, twenty of them repeated, cost exactly thirty calls', async () => {
  const gateway = await gatewayWith(15);
  const thirty = upTo(15).flatMap((n) => [`r-${n}`, `s-${n}`]);
  const fifty = [
    ...thirty.slice(0, 25),
    ...thirty.slice(5, 15),
    ...thirty.slice(25),
    ...thirty.slice(10, 20),
  ].reverse();

  const refs = fifty.map((name) => (name.startsWith('r') ? review(name) : invite(name)));
  const { data, errors } = await gateway.query(LIST, { refs });

  expect(fifty).toHaveLength(50);
  expect(errors).toBeUndefined();
  expect(namesOf(data.invitations)).toEqual(fifty);
  const { partoo, cronofy } = gateway.sandbox;
  expect(partoo.calls.map(({ target }) => target).sort()).toEqual(
    upTo(15)
      .map((n) => reviewTarget(`r-${n}`))
      .sort(),
  );
  expect(cronofy.calls.map(({ target }) => target).sort()).toEqual(
    upTo(15)
      .map((n) => inviteTarget(`s-${n}`))
      .sort(),
  );
  for (const { method, headers } of partoo.calls) {
    expect(method).toBe('GET');
    expect(headers['x-apikey']).toBe(PARTOO_API_KEY);
    expect(headers).not.toHaveProperty('authorization');
  }
  for (const { method, headers } of cronofy.calls) {
    expect(method).toBe('GET');
    expect(headers.authorization).toBe(`Bearer ${CRONOFY_CLIENT_SECRET}`);
    expect(headers).not.toHaveProperty('x-apikey');
  }
});

test('two aliases of one invitation cost one call', async () => {
  const gateway = await gatewayWith(1);
  const { data } = await gateway.query(`{
    a: reviewInvitation(invitationId: "r-1") { deliveryStatus }
    b: reviewInvitation(invitationId: "r-1") { rawStatus }
    c: smartInvite(smartInviteId: "s-1") { smartInviteId }
    d: invitation(ref: { smartInvite: { smartInviteId: "s-1" } }) { status }
  }`);
  expect(data).toEqual({
    a: { deliveryStatus: 'SENT' },
    b: { rawStatus: 'SENT' },
    c: { smartInviteId: 's-1' },
    d: { status: 'ACCEPTED' },
  });
  expect(gateway.takeCalls()).toEqual({
    partoo: [reviewTarget('r-1')],
    cronofy: ['/v1/smart_invites?smart_invite_id=s-1'],
  });
});

test('an invitation named by its id and by its natural key in one operation costs one call', async () => {
  const first = await gatewayWith(1);
  const { data: known } = await first.query(LIST, { refs: [review('r-1'), invite('s-1')] });
  const [reviewId, inviteId] = known.invitations.map(({ id }: { id: string }) => id);

  const gateway = await gatewayWith(1);
  const { data } = await gateway.query(
    `query Both($refs: [InvitationRef!]!, $reviewId: ID!, $inviteId: ID!) {
      invitations(refs: $refs) { id }
      review: node(id: $reviewId) { id }
      invite: node(id: $inviteId) { id }
      nodes(ids: [$inviteId, $reviewId]) { id }
    }`,
    { refs: [review('r-1'), { id: inviteId }, { id: reviewId }, invite('s-1')], reviewId, inviteId },
  );
  expect(data).toEqual({
    invitations: [{ id: reviewId }, { id: inviteId }, { id: reviewId }, { id: inviteId }],
    review: { id: reviewId },
    invite: { id: inviteId },
    nodes: [{ id: inviteId }, { id: reviewId }],
  });
  expect(gateway.takeCalls()).toEqual({ partoo: [reviewTarget('r-1')], cronofy: [inviteTarget('s-1')] });
});

test('an invitation that fails leaves its siblings whole, and one that is not found is null without an error', async () => {
  const gateway = await gatewayWith(4);
  gateway.sandbox.partoo.misbehave({ status: 400, body: '{"errors":{"json":{}}}', match: 'r-2' });
  gateway.sandbox.cronofy.misbehave({ status: 422, body: '{"errors":{}}', match: 's-3' });

  const refs = [review('r-1'), invite('s-3'), review('nobody'), review('r-2'), invite('nobody'), invite('s-4')];
  const { data, errors } = await gateway.query(LIST, { refs });

  expect(namesOf(data.invitations)).toEqual(['r-1', null, null, null, null, 's-4']);
  expect(errors?.map(({ path, extensions }) => [path, extensions.code, extensions.provider]).sort()).toEqual([
    [['invitations', 1], 'PROVIDER_REJECTED', 'CRONOFY'],
    [['invitations', 3], 'PROVIDER_REJECTED', 'PARTOO'],
  ]);
});

// From its second time on an operation is compiled, so that each of the three is asserted.
test.each([
  ['partoo', 'PARTOO', ['r', 's']],
  ['cronofy', 'CRONOFY', ['s', 'r']],
] as const)(
  'while %s is down the other one answers whole, the first time and every time after',
  async (down, provider, [failed, whole]) => {
    const gateway = await gatewayWith(6);
    gateway.sandbox[down].misbehave({ status: 503 });
    const query = `query Down($refs: [InvitationRef!]!, $review: ID!, $invite: ID!) {
    invitations(refs: $refs) { ... on ReviewInvitation { invitationId } ... on SmartInvite { smartInviteId } }
    r: reviewInvitation(invitationId: $review) { invitationId }
    s: smartInvite(smartInviteId: $invite) { smartInviteId }
  }`;
    for (const n of [1, 3, 5]) {
      const refs = [review(`r-${n}`), invite(`s-${n}`), review(`r-${n + 1}`), invite(`s-${n + 1}`)];
      const { data, errors = [] } = await gateway.query(query, { refs, review: `r-${n}`, invite: `s-${n}` });

      const ifWhole = (kind: string, k: number) => (kind === whole ? `${kind}-${k}` : null);
      expect(namesOf(data.invitations)).toEqual([
        ifWhole('r', n),
        ifWhole('s', n),
        ifWhole('r', n + 1),
        ifWhole('s', n + 1),
      ]);
      expect(data[failed]).toBeNull();
      expect(namesOf([data[whole]])).toEqual([`${whole}-${n}`]);
      const places = [['invitations', failed === 'r' ? 0 : 1], ['invitations', failed === 'r' ? 2 : 3], [failed]];
      expect(errors.map(({ path }) => path).sort()).toEqual(places.sort());
      for (const { extensions } of errors) {
        expect(extensions).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', provider, retryable: true });
      }
    }
  },
);

test('each alias of an invitation gets an answer of the age that it allows, for one call at most', async () => {
  const gateway = await gatewayWith(1);
  const query = `query {
    any: reviewInvitation(invitationId: "r-1") { isStale }
    old: reviewInvitation(invitationId: "r-1", maxAgeSeconds: 60) { isStale }
    now: reviewInvitation(invitationId: "r-1", maxAgeSeconds: 0) { isStale }
  }`;
  const fresh = { isStale: false };
  expect((await gateway.query(query)).data).toEqual({ any: fresh, old: fresh, now: fresh });
  gateway.takeCalls();
  expect((await gateway.query(query)).data).toEqual({ any: fresh, old: fresh, now: fresh });
  expect(gateway.takeCalls().partoo).toHaveLength(1);
  // Only the alias with maxAgeSeconds 0 is marked as stale.
  gateway.sandbox.partoo.misbehave({ status: 503 });
  const { data } = await gateway.query(query);
  expect(data).toEqual({ any: fresh, old: fresh, now: { isStale: true } });
});

test('a hundred invitations of one provider keep at most 32 calls in flight, and all succeed', async () => {
  let inFlight = 0;
  let most = 0;
  const provider = createServer((request, response) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    const id = new URL(request.url ?? '', 'http://provider').searchParams.get('invitation_id');
    setTimeout(() => {
      inFlight -= 1;
      response.end(JSON.stringify({ invitation_id: id, status: 'SENT' }));
    }, 30);
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void provider.close());
  const { port } = provider.address() as AddressInfo;
  const gateway = await startTestGateway({ environment: { PARTOO_BASE_URL: `http://127.0.0.1:${port}/v2` } });
  onTestFinished(() => gateway.stop());

  const names = upTo(100).map((n) => `r-${n}`);
  const { data, errors } = await gateway.query(LIST, { refs: names.map(review) });

  expect(errors).toBeUndefined();
  expect(namesOf(data.invitations)).toEqual(names);
  expect(most).toBe(32);
});
