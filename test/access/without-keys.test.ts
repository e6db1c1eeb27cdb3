// A gateway whose identity provider is down from the start: every door says that it is the gateway's fault and passes, and no
// load balancer sends callers there.

import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway } from '../harness.ts';
import { DOORS } from '../server/doors.ts';
import { startKeyServer } from './key-server.ts';
import { createSigningKey, signWith } from './tokens.ts';

test('every door answers 503 or 1013 until the keys are there, and admits the same token then', {
  timeout: 30_000,
}, async () => {
  const key = await createSigningKey('one');
  const server = await startKeyServer([key.jwk]);
  server.answer((response) => void response.writeHead(503).end());
  const gateway = await startTestGateway({ environment: { AUTH_JWKS_URL: server.url } });
  onTestFinished(() => gateway.stop());
  const authorization = `Bearer ${signWith(key)}`;
  const query = '{ reviewInvitation(invitationId: "review-sent") { status } }';
  for (const { name, ask, isWebSocket } of DOORS) {
    const { status, headers, body } = await ask(gateway.origin, authorization, { query });
    if (isWebSocket) {
      expect([status, body], name).toEqual([1013, 'Tokens cannot be checked for now']);
    } else {
      const extensions = { code: 'AUTH_UNAVAILABLE', retryable: true, retryAfterSeconds: 10 };
      expect([status, headers['retry-after'], body.errors[0].extensions], name).toEqual([503, '10', extensions]);
    }
  }
  const readiness = async () => (await fetch(`${gateway.origin}/ready`)).status;
  expect(await readiness()).toBe(503);
  server.give([key.jwk]);
  await vi.waitUntil(async () => (await readiness()) === 200, { interval: 100 });
  for (const { name, ask } of DOORS) {
    expect((await ask(gateway.origin, authorization, { query })).body, name).toEqual({
      data: { reviewInvitation: { status: 'PENDING' } },
    });
  }
});
