// nginx with its defaults before the gateway: it passes the largest token that the gateway takes.

import { expect, onTestFinished, test } from 'vitest';
import { bearer } from '../access/tokens.ts';
import { startNginx } from '../proxies.ts';
import { startSigned } from '../server/signed.ts';

const PREFIX = 'Bearer '.length;

function tokenOf(bytes: number): string {
  const ids = (length: number) => ({ review: ['review-sent', 'x'.repeat(400), ...Array(20).fill('y'.repeat(length))] });
  let length = 100;
  while (bearer({ invitations: ids(length) }).length - PREFIX <= bytes) length += 1;
  return bearer({ invitations: ids(length - 1) });
}

test('a token of nearly 8,000 bytes passes nginx as it is set by default, and is taken', async () => {
  const gateway = await startSigned();
  const nginx = await startNginx(`proxy_pass ${gateway.origin}; proxy_http_version 1.1;`);
  onTestFinished(() => nginx.stop());
  const authorization = tokenOf(8_000);
  expect(authorization.length - PREFIX).toBeGreaterThan(7_950);
  const response = await fetch(`${nginx.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query: '{ reviewInvitation(invitationId: "review-sent") { status } }' }),
  });
  expect(await response.json()).toEqual({ data: { reviewInvitation: { status: 'PENDING' } } });
});
