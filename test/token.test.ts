// `npm run token`: what it prints opens the gateway that has the same secret, and shows what it grants.

import { afterEach, expect, test } from 'vitest';
import { bearer, SECRET } from './access/tokens.ts';
import { endRuns, run } from './process.ts';
import { startSigned } from './server/signed.ts';

const TOKEN = new URL('../src/token.ts', import.meta.url).pathname;

afterEach(endRuns);

async function token(args: readonly string[], environment: Record<string, string> = { AUTH_JWT_SECRET: SECRET }) {
  const { ended, stdout, stderr } = run(TOKEN, environment, ...args);
  const { code } = await ended;
  return { code, stdout: stdout().trim(), stderr: stderr() };
}

const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

test('it opens the gateway for what it grants, and nothing else', async () => {
  const { stdout } = await token(['--review', 'review-sent']);
  const gateway = await startSigned();
  const query =
    '{ a: reviewInvitation(invitationId: "review-sent") { status } b: reviewInvitation(invitationId: "review-delivered") { status } }';
  const response = await fetch(`${gateway.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stdout}` },
    body: JSON.stringify({ query }),
  });
  expect(await response.json()).toEqual({ data: { a: { status: 'PENDING' }, b: null } });
});

test('it has what the arguments and the settings say', async () => {
  const environment = {
    AUTH_JWT_SECRET: SECRET,
    AUTH_ISSUER: 'https://a.example,https://b.example',
    AUTH_AUDIENCE: 'pages',
    AUTH_CLAIM: 'grants',
  };
  const args =
    '--smart lunch --recipient ann@example.com --smart order-1042-* --explore --tenant acme --sub ann --minutes 5'.split(
      ' ',
    );
  const claims = claimsOf((await token(args, environment)).stdout);
  expect(claims).toEqual({
    iss: 'https://a.example',
    aud: 'pages',
    sub: 'ann',
    scope: 'explore',
    tenant: 'acme',
    iat: expect.any(Number),
    exp: claims.iat + 300,
    grants: { smart: [{ id: 'lunch', recipient: 'ann@example.com' }, 'order-1042-*'] },
  });
  expect(claimsOf((await token(['--all'])).stdout).invitations).toBe('*');
});

test.each<[string, string[], Record<string, string> | undefined, string]>([
  ['without arguments', [], undefined, 'Usage: npm run token'],
  ['for an unknown argument', ['--invitation', 'a'], undefined, 'Usage: npm run token'],
  [
    'for a recipient of nothing',
    ['--recipient', 'a@example.com'],
    undefined,
    '--recipient has no invitation before it.',
  ],
  [
    'for a grant that is none',
    ['--review', 'a*'],
    undefined,
    "The token's grants are wrong at review[0]: it is no prefix",
  ],
  ['for a day too long', ['--all', '--minutes', '1440'], undefined, '--minutes must be above 0 and below 1440.'],
  ['without a secret', ['--all'], {}, 'Set AUTH_JWT_SECRET (32 bytes or more)'],
  [
    'with one that is too short',
    ['--all'],
    { AUTH_JWT_SECRET: 'short-secret' },
    'Set AUTH_JWT_SECRET (32 bytes or more)',
  ],
])('it says what to do %s', async (_, args, environment, message) => {
  const { code, stdout, stderr } = await token(args, environment);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('short-secret');
});

test('a token of another secret opens nothing', async () => {
  const { stdout } = await token(['--all'], { AUTH_JWT_SECRET: 'y'.repeat(40) });
  const gateway = await startSigned();
  const ask = (authorization: string) =>
    fetch(`${gateway.origin}/graphql?query={__typename}`, { headers: { authorization } });
  expect((await ask(`Bearer ${stdout}`)).status).toBe(401);
  expect((await ask(bearer())).status).toBe(200);
});
