// A gateway that trusts a real identity provider: its tokens are admitted, also while it is down, and its keys are rotated.

import { decodeJwt } from 'jose';
import { expect, test, vi } from 'vitest';
import { freePort } from '../free-port.ts';
import { startTestGateway } from '../harness.ts';
import { subscribeTo } from '../live/subscriber.ts';
import { createKey, startIdentityProvider } from './identity-provider.ts';

test('a gateway admits whom the identity provider has signed in', { timeout: 40_000 }, async ({ onTestFinished }) => {
  const [old, next] = [await createKey('old'), await createKey('next')];
  const provider = await startIdentityProvider(await freePort(), old, '*');
  const gateway = await startTestGateway({
    environment: { AUTH_JWKS_URL: provider.jwksUrl, AUTH_ISSUER: provider.issuer },
  });
  onTestFinished(() => gateway.stop());
  const ask = async (token: string) => {
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: '{ reviewInvitation(invitationId: "review-sent") { status } }' }),
    });
    return response.status;
  };

  const token = await provider.token();
  expect(decodeJwt(token)).toMatchObject({ iss: provider.issuer, aud: 'invitation-gateway', sub: 'backend' });
  expect(await ask(token)).toBe(200);
  const headers = { authorization: `Bearer ${token}` };
  const stream = subscribeTo(
    gateway.origin,
    [{ smartInvite: { smartInviteId: 'invite-pending' } }],
    undefined,
    headers,
  );
  await stream.first(1);

  // The new key signs, and is looked for at once, where the set was not fetched within ten seconds.
  await provider.rotate([next, old]);
  const renewed = await provider.token();
  await vi.waitUntil(async () => (await ask(renewed)) === 200, { interval: 200 });
  expect(await ask(token)).toBe(200);

  await provider.stop();
  expect(await ask(token)).toBe(200);
  expect(await ask(renewed)).toBe(200);
  gateway.sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' });
  await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
});
