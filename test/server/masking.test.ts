// What leaves the gateway when a read fails, in a body in the log or in a span, is its own words: no URL, host, port, stack,
// secret, address, id or text of a provider.

import { expect, onTestFinished, test } from 'vitest';
import { CRONOFY_CLIENT_SECRET } from '../../src/sandbox/cronofy.ts';
import type { Misbehaviour } from '../../src/sandbox/misbehaviour.ts';
import { PARTOO_API_KEY } from '../../src/sandbox/partoo.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

const ID = 'canary-id-4711';
const EMAIL = 'canary.address@mail.example';
const PROVIDER_TEXT = 'canary of the provider';
const PROVIDER_JSON = JSON.stringify({ errors: { [PROVIDER_TEXT]: [{ key: PROVIDER_TEXT, description: EMAIL }] } });
const CANARIES = [PARTOO_API_KEY, CRONOFY_CLIENT_SECRET, ID, EMAIL, encodeURIComponent(EMAIL), PROVIDER_TEXT];
const PLACES = /https?:|canary|127\.0\.0\.1|localhost|Bearer|[\w.]+@[\w.]+/i;

const QUERY = `query Failing($id: ID!, $email: String) {
  invitations(refs: [
    { reviewInvitation: { invitationId: $id } }
    { smartInvite: { smartInviteId: $id, recipientEmail: $email } }
  ]) { id }
  reviewInvitation(invitationId: $id) { id }
  smartInvite(smartInviteId: $id, recipientEmail: $email) { attachments { icalendar } }
}`;

async function gatewayThat(misbehaviour: Misbehaviour): Promise<TestGateway> {
  const gateway = await startTestGateway({ absentFromSpans: [...CANARIES, PLACES] });
  onTestFinished(() => gateway.stop());
  gateway.sandbox.partoo.misbehave(misbehaviour);
  gateway.sandbox.cronofy.misbehave(misbehaviour);
  return gateway;
}

/** Nothing of what must stay inside is in the errors, nor in any line of the log. */
function expectMasked(errors: unknown, gateway: TestGateway): void {
  const answer = JSON.stringify(errors);
  const log = gateway.log.join('');
  const { partoo, cronofy } = gateway.sandbox;
  for (const text of [answer, log]) {
    for (const word of CANARIES) expect(text).not.toContain(word);
    for (const { origin } of [gateway, partoo, cronofy]) {
      expect(text).not.toMatch(new RegExp(`:${new URL(origin).port}\\b`));
    }
    expect(text).not.toMatch(PLACES);
  }
  // A stack is for the log alone.
  expect(answer).not.toMatch(/"stack"|\.ts:\d|\.js:\d|node_modules|node:|ECONN|UND_ERR|\bat [\w.<>]+ \(/);
}

const FAILURES: readonly [name: string, misbehaviour: Misbehaviour, code: string][] = [
  ...[401, 402, 403].map((status) => failure(status, 'PROVIDER_UNAUTHORIZED')),
  ...[400, 422, 423].map((status) => failure(status, 'PROVIDER_REJECTED')),
  ...[500, 503].map((status) => failure(status, 'PROVIDER_UNAVAILABLE')),
  ...[301, 302, 307].map((status) => failure(status, 'PROVIDER_BAD_RESPONSE')),
  failure(429, 'PROVIDER_RATE_LIMITED'),
  ['reset', { mode: 'reset' }, 'PROVIDER_UNAVAILABLE'],
  ['cut', { mode: 'cut', status: 200, body: PROVIDER_JSON }, 'PROVIDER_UNAVAILABLE'],
  ['text', { status: 200, body: `<p>${PROVIDER_TEXT} ${EMAIL}</p>` }, 'PROVIDER_BAD_RESPONSE'],
  ['truncated JSON', { status: 200, body: PROVIDER_JSON.slice(0, -5) }, 'PROVIDER_BAD_RESPONSE'],
  ['a list', { status: 200, body: `[${PROVIDER_JSON}]` }, 'PROVIDER_BAD_RESPONSE'],
  [
    'fields of the wrong type',
    {
      status: 200,
      body: JSON.stringify({ status: { [PROVIDER_TEXT]: EMAIL }, recipient: PROVIDER_TEXT, event: EMAIL }),
    },
    'PROVIDER_BAD_RESPONSE',
  ],
  [
    'another invitation',
    {
      status: 200,
      body: JSON.stringify({ invitation_id: PROVIDER_TEXT, status: EMAIL, smart_invite_id: PROVIDER_TEXT }),
    },
    'PROVIDER_BAD_RESPONSE',
  ],
];

function failure(status: number, code: string): [string, Misbehaviour, string] {
  const location = `http://canary.example/${ID}`;
  const headers = { location, 'x-canary': PROVIDER_TEXT, ...(status === 429 ? { 'retry-after': '60' } : {}) };
  return [String(status), { status, headers, body: PROVIDER_JSON }, code];
}

test.each(FAILURES)('%s from a provider gives only messages of the gateway', async (_, misbehaviour, code) => {
  const gateway = await gatewayThat(misbehaviour);
  for (const _ of [1, 2, 3]) {
    const { data, errors = [] } = await gateway.query(QUERY, { id: ID, email: EMAIL });

    expect(data).toEqual({ invitations: [null, null], reviewInvitation: null, smartInvite: null });
    expect(
      errors.map(({ path, extensions }) => [path?.join('.'), extensions.code, extensions.provider]).sort(),
    ).toEqual([
      ['invitations.0', code, 'PARTOO'],
      ['invitations.1', code, 'CRONOFY'],
      ['reviewInvitation', code, 'PARTOO'],
      ['smartInvite', code, 'CRONOFY'],
    ]);
    for (const { extensions } of errors) {
      const known = ['code', 'provider', 'retryable', 'retryAfterSeconds'];
      expect(Object.keys(extensions).filter((key) => !known.includes(key))).toEqual([]);
    }
    expectMasked(errors, gateway);
  }
  expect(gateway.sandbox.partoo.calls.length).toBeGreaterThan(0);
  expect(gateway.sandbox.cronofy.calls.length).toBeGreaterThan(0);
});

test('a redirect is not followed: no other host gets the credential', async () => {
  const other = await startTestGateway({ absentFromSpans: [...CANARIES, PLACES] });
  onTestFinished(() => other.stop());
  const location = `${other.sandbox.partoo.origin}/v2/review_booster/invitation_status?invitation_id=review-sent`;
  const gateway = await gatewayThat({ status: 307, headers: { location } });
  await gateway.query(QUERY, { id: ID, email: EMAIL });
  expect(other.takeCalls()).toEqual({ partoo: [], cronofy: [] });
});

test('an invitation that is not found gives null and no provider text', async () => {
  const gateway = await gatewayThat({ status: 404, body: PROVIDER_JSON });
  for (const _ of [1, 2, 3]) {
    const answer = await gateway.query(QUERY, { id: ID, email: EMAIL });
    const data = { invitations: [null, null], reviewInvitation: null, smartInvite: null };
    expect(answer).toEqual({ status: 200, data });
    expectMasked([], gateway);
  }
});

test('a provider that refuses connections does not appear with its address', async () => {
  const gateway = await gatewayThat({});
  await Promise.all([gateway.sandbox.partoo.stop(), gateway.sandbox.cronofy.stop()]);
  for (const _ of [1, 2, 3]) {
    const { errors = [] } = await gateway.query(QUERY, { id: ID, email: EMAIL });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(Array(4).fill('PROVIDER_UNAVAILABLE'));
    expectMasked(errors, gateway);
  }
});

// graphql-js and the compiled operations repeat values in their messages, each in its own words.
test.each([
  ['another key in a ref', { id: ID, smartInvite: { smartInviteId: ID, recipientEmail: EMAIL } }],
  ['a text for a ref', EMAIL],
  ['an unknown field', { smartInvite: { smartInviteId: ID, recipientEmail: EMAIL, more: EMAIL } }],
  ['an object for an id', { reviewInvitation: { invitationId: { email: EMAIL } } }],
  ['no data center', { smartInvite: { smartInviteId: ID, dataCenter: EMAIL } }],
])('%s in a variable is refused without repeating its value', async (_, ref) => {
  const gateway = await gatewayThat({});
  for (const _ of [1, 2, 3]) {
    const { errors = [] } = await gateway.query('query($ref: InvitationRef!) { invitation(ref: $ref) { id } }', {
      ref,
    });
    expect(errors.length).toBeGreaterThan(0);
    for (const { extensions } of errors) expect(extensions.code).toBe('BAD_USER_INPUT');
    expectMasked(errors, gateway);
  }
  expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
});
