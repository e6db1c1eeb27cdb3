// Nothing of a token, of a grant or of a person is told to anybody else: in no line of the log at any level, in no refusal, no
// reason of a close, no key of Redis, no metric, no span and on no page of operators.

import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway } from '../harness.ts';
import { operatorsView } from '../operators-view.ts';
import { startRedisServer } from '../redis/server.ts';
import { DOORS } from '../server/doors.ts';
import { bearer, SECRET, sign } from './tokens.ts';

const SUBJECT = 'canary-subject';
const ADDRESS = 'canary-guest@example.com';
const ID = 'canary-invite';
const NONE = 'canary-none';

/** Every form in which it might be written. */
function formsOf(text: string): string[] {
  return [
    text,
    encodeURIComponent(text),
    Buffer.from(text).toString('base64url').slice(0, -2),
    Buffer.from(text).toString('hex'),
  ];
}

test('no canary is in the log, in a refusal, in a close, in a key of Redis, in a span, or before an operator', {
  timeout: 60_000,
}, async () => {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const environment = {
    AUTH_JWT_SECRET: SECRET,
    REDIS_URL: redis.url,
    LOG_LEVEL: 'trace',
    CALLER_RATE: '40/60s',
    ADMIN_PORT: '0',
  };
  const forms = ['canary', SECRET, ADDRESS, SUBJECT, ID].flatMap(formsOf);
  const gateway = await startTestGateway({ environment, absentFromSpans: forms });
  onTestFinished(() => gateway.stop());
  const time = '2099-12-04T09:30:00Z';
  gateway.sandbox.cronofy.put({
    smart_invite_id: ID,
    recipient: { email: ADDRESS, status: 'pending', comment: 'canary-comment' },
    callback_url: `${gateway.origin}/webhooks/cronofy`,
    event: { summary: 'canary-summary', start: time, end: time },
  });

  const grants = { smart: [{ id: ID, recipient: ADDRESS }, 'canary-prefix-*'], review: [NONE] };
  const good = bearer({ sub: SUBJECT, invitations: grants });
  const bad = [
    bearer({ sub: SUBJECT, invitations: grants }, { key: 'z'.repeat(40) }),
    bearer({ sub: SUBJECT, invitations: { smart: [{ id: ID, recipient: 'canary-no-address' }] } }),
    bearer({ sub: SUBJECT, invitations: { [ADDRESS]: [] } }),
    bearer({ sub: SUBJECT, exp: 1 }),
    bearer({ sub: SUBJECT, tenant: 'canary-tenant' }),
    `Bearer ${sign({ sub: SUBJECT })}canary`,
    'Basic Y2FuYXJ5LXVzZXI6Y2FuYXJ5',
  ];
  const asked = `query canaryName { smartInvite(smartInviteId: "${ID}", recipientEmail: "${ADDRESS}") { status }
    none: reviewInvitation(invitationId: "${NONE}") { id } other: smartInvite(smartInviteId: "canary-other") { id } }`;
  const wrong = `{ smartInvite(smartInviteId: "${ID}", recipientEmail: "canary-no-address") { canary-field } }`;

  const refusals: unknown[] = [];
  for (const { ask, isWebSocket } of DOORS) {
    for (const authorization of bad) refusals.push((await ask(gateway.origin, authorization, { query: asked })).body);
    await ask(gateway.origin, good, { query: asked });
    if (!isWebSocket) refusals.push((await ask(gateway.origin, good, { query: wrong })).body);
  }
  // A provider that fails, a notification, a stream, and a socket whose token expires.
  gateway.sandbox.cronofy.misbehave({ status: 503 });
  gateway.sandbox.cronofy.reply(ID, { email: ADDRESS, status: 'accepted', comment: 'canary-comment' });
  await DOORS[0]?.ask(gateway.origin, good, {
    query: asked.replace('smartInviteId', 'maxAgeSeconds: 0, smartInviteId'),
  });
  const socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  const exp = Math.ceil(Date.now() / 1_000) + 1;
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: bearer({ sub: SUBJECT, exp }) } }));
  const [code, reason] = await once(socket, 'close');
  expect(code).toBe(4403);
  refusals.push(String(reason));

  const keys = (await redis.command('KEYS', '*')) as string[];
  expect(keys.length).toBeGreaterThan(1);
  expect(gateway.log.length).toBeGreaterThan(1);
  const view = await operatorsView(gateway.adminOrigin);
  expect(view).toHaveLength(2);
  expect(gateway.operations.length).toBeGreaterThan(10);
  const told = {
    view: view.join('\n'),
    log: [...gateway.log, ...gateway.operations].join('\n'),
    refusals: JSON.stringify(refusals),
    keys: keys.join('\n'),
  };
  const signatures = [good, ...bad].map((each) => each.split('.').at(-1) ?? '').filter((each) => each.length > 20);
  for (const canary of [...forms, ...signatures]) {
    for (const [where, text] of Object.entries(told))
      expect(text.includes(canary), `${canary} in ${where}`).toBe(false);
  }
});
