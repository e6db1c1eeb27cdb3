// What the operator is told of tokens that are not accepted, while the caller is told that they are not and no more.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { TokenFault } from '../../src/access/refusal.ts';
import { createToldFaults } from '../../src/access/told-faults.ts';
import type { Environment } from '../../src/settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { startTestGateway } from '../harness.ts';
import { startKeyServer } from './key-server.ts';
import { serve, startWorld, tokenOf, writeTenants } from './tenants.ts';
import { createSigningKey, SECRET, sign, signWith } from './tokens.ts';

const QUERY = '{ reviewInvitation(invitationId: "review-sent") { status } }';
const NOT_ACCEPTED = 'The token is not accepted: sign in anew.';

interface Told {
  readonly fault: TokenFault;
  readonly times: number;
  readonly msg: string;
}

function toldBy(log: readonly string[]): Told[] {
  return log.map((line) => JSON.parse(line)).filter(({ fault }) => fault !== undefined);
}

/** Its status and message, and what the log has of it. */
async function show(token: string, environment: Environment): Promise<[number, string, Told[]]> {
  const gateway = await startTestGateway({ environment });
  onTestFinished(() => gateway.stop());
  const response = await fetch(`${gateway.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: QUERY }),
  });
  const { errors } = (await response.json()) as { errors?: { message: string }[] };
  return [response.status, errors?.[0]?.message ?? '', toldBy(gateway.log)];
}

const now = Math.floor(Date.now() / 1_000);
const ISSUER = 'https://login.example.com';

describe('the log says of a token', () => {
  test.each<[string, TokenFault, () => string | Promise<string>, string]>([
    ['that is none', 'form', () => 'abc', '`sub`, `aud` and `exp`'],
    ['without a subject', 'form', () => sign({ sub: undefined, iss: ISSUER }), '`sub`, `aud` and `exp`'],
    ['for another audience', 'audience', () => sign({ aud: 'else', iss: ISSUER }), 'AUTH_AUDIENCE'],
    ['of another issuer', 'issuer', () => sign({ iss: `${ISSUER}/` }), 'AUTH_ISSUER'],
    ['made by a clock that is ahead', 'early', () => sign({ iss: ISSUER, iat: now + 600 }), 'clocks'],
    ['that is good for a week', 'long', () => sign({ iss: ISSUER, exp: now + 604_800 }), '`exp`'],
    [
      'that another secret has signed',
      'signature',
      () => sign({ iss: ISSUER }, { key: 'y'.repeat(32) }),
      'AUTH_JWT_SECRET',
    ],
    [
      'that an identity provider has signed, where none is set',
      'algorithm',
      async () => signWith(await createSigningKey('one'), { iss: ISSUER }),
      'AUTH_JWKS_URL',
    ],
  ])('%s: %s', async (_, fault, token, advice) => {
    const environment = { AUTH_JWT_SECRET: SECRET, AUTH_ISSUER: ISSUER };
    const told = [{ fault, times: 1, msg: expect.stringContaining(advice), level: 40, time: expect.any(Number) }];
    expect(await show(await token(), environment)).toEqual([401, NOT_ACCEPTED, told]);
  });

  test.each<[string, TokenFault, () => string | Promise<string>]>([
    ['of a key that is not published', 'key', async () => signWith(await createSigningKey('two'))],
    ['of another key of the same name', 'signature', async () => signWith(await createSigningKey('one'))],
    ['of a secret, where none is set', 'algorithm', () => sign()],
  ])('%s, where keys are published: %s', async (_, fault, token) => {
    const key = await createSigningKey('one');
    const { url } = await startKeyServer([key.jwk]);
    expect(await show(await token(), { AUTH_JWKS_URL: url })).toEqual([
      401,
      NOT_ACCEPTED,
      [expect.objectContaining({ fault, times: 1, msg: expect.stringContaining('AUTH_JWKS_URL') })],
    ]);
  });

  test.each([['gamma'], [undefined]])(
    'whose tenant is %s, where each tenant has keys of its own: tenant',
    async (tenant) => {
      const { environment, members } = await startWorld();
      const file = writeTenants({ acme: { ...members.acme, auth: { secrets: [{ env: 'SECRET_OF_ACME' }] } } });
      const { AUTH_JWT_SECRET: _, ...others } = environment;
      const { query, log } = await serve({ ...others, SECRET_OF_ACME: SECRET, TENANTS_FILE: file.path });
      expect((await query(tokenOf('acme'), QUERY)).status).toBe(200);
      expect(toldBy(log)).toEqual([]);
      expect(await query(tokenOf(tenant), QUERY)).toMatchObject({
        status: 401,
        errors: [{ message: NOT_ACCEPTED }],
      });
      expect(toldBy(log)).toEqual([
        expect.objectContaining({ fault: 'tenant', times: 1, msg: expect.stringContaining('TENANTS_FILE') }),
      ]);
    },
  );

  test.each<[string, string, () => string]>([
    ['accepted', '', () => sign()],
    ['expired', 'The token has expired: send a new one.', () => sign({ iat: 1, exp: now - 60 })],
    [
      'without grants',
      'The token has no claim `invitations`: it says which invitations are granted.',
      () => sign({ invitations: undefined }),
    ],
  ])('that is %s nothing, because the caller is told', async (_, message, token) => {
    expect((await show(token(), { AUTH_JWT_SECRET: SECRET })).slice(1)).toEqual([message, []]);
  });
});

test('each fault is told at once, and then once a minute with how often it was found', () => {
  const lines: string[] = [];
  let at = 0;
  const take = createToldFaults(createLog('info', { write: (line) => void lines.push(line) }), () => at);
  for (let n = 0; n < 100; n += 1) take('audience');
  take('signature');
  at = 59_999;
  take('audience');
  at = 60_000;
  take('audience');
  take('audience');
  expect(toldBy(lines).map(({ fault, times }) => [fault, times])).toEqual([
    ['audience', 1],
    ['signature', 1],
    ['audience', 101],
  ]);
});
