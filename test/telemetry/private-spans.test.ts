// No span has anything of a person, of an invitation, or of what callers write. (Each collector of a test looks for
// addresses, tokens and URLs besides.)

import { expect, test, vi } from 'vitest';
import { CRONOFY_CLIENT_SECRET } from '../../src/sandbox/cronofy.ts';
import { PARTOO_API_KEY } from '../../src/sandbox/partoo.ts';
import { bearer, SECRET } from '../access/tokens.ts';
import { startTraced } from './traced.ts';

const CANARIES = [
  'canary-id',
  'canary-invite',
  'canary@person.example',
  'canary%40person.example',
  'CanaryOperation',
  'canaryAlias',
  'canaryVariable',
  'canary-subject',
  'canary-state',
  'canary-baggage',
  'canary-agent',
  'canary comment',
  'invite-pending',
  '203.0.113.77',
  '127.0.0.1',
  'eyJ',
  SECRET,
  PARTOO_API_KEY,
  CRONOFY_CLIENT_SECRET,
];

const QUERY = `query CanaryOperation($canaryVariable: ID!, $recipient: String) {
  canaryAlias: reviewInvitation(invitationId: $canaryVariable) { id }
  smartInvite(smartInviteId: "canary-invite", recipientEmail: $recipient) { id recipients { email comment } }
  known: smartInvite(smartInviteId: "invite-pending") { recipients { email comment } attachments { icalendar } }
}`;

test('a span holds no id, address, comment, token, secret, name or header of a caller', async () => {
  const { origin, sandbox, collector, stop } = await startTraced({
    environment: { AUTH_JWT_SECRET: SECRET, TRUSTED_PROXIES: '127.0.0.1' },
  });
  const ask = (query: string, variables: object = {}) =>
    fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: bearer({ sub: 'canary-subject' }),
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        tracestate: 'x=canary-state',
        baggage: 'x=canary-baggage',
        'user-agent': 'canary-agent',
        'x-forwarded-for': '203.0.113.77',
      },
      body: JSON.stringify({ query, variables }),
    }).then((response) => response.json());
  const variables = { canaryVariable: 'canary-id', recipient: 'canary@person.example' };
  await ask(QUERY, variables);
  for (const misbehaviour of [
    { status: 403, body: 'canary comment' },
    { status: 500, body: 'canary comment' },
    { status: 422, body: '{"errors": {"smart_invite_id": "canary comment"}}' },
    { status: 200, body: '{"status": "canary comment"}' },
    { mode: 'cut' as const },
  ]) {
    sandbox.partoo.misbehave(misbehaviour);
    sandbox.cronofy.misbehave(misbehaviour);
    await ask(QUERY.replaceAll('")', '", maxAgeSeconds: 0)'), variables);
  }
  sandbox.partoo.misbehave(undefined);
  sandbox.cronofy.misbehave(undefined);
  await ask('query CanaryOperation { canaryAlias }');
  sandbox.cronofy.reply('invite-pending', {
    email: 'canary@person.example',
    status: 'declined',
    comment: 'canary comment',
  } as never);
  await vi.waitUntil(() => collector.spans.some(({ name }) => name === 'webhook cronofy'), 10_000);
  await stop();
  expect(collector.spans.length).toBeGreaterThan(10);
  const all = collector.posted.join('\n');
  expect(CANARIES.filter((canary) => all.includes(canary))).toEqual([]);
});
