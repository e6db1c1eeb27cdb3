// What looks through logs and names finds what may not be there, and lets the rest pass.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { writeTenants } from './access/tenants.ts';
import { expectPrivateLog, expectPrivateNames, secretsIn } from './private.ts';
import { fileOf } from './settings/tenants-file.ts';

const digest = createHash('sha256').update('any').digest('base64url');

describe('a secret in a line of a log is found', () => {
  const tenants = {
    acme: {
      partoo: { apiKey: { env: 'ACME_KEY' } },
      auth: { secrets: [{ env: 'ACME_SIGNS' }, { file: fileOf('secret-of-a-file\n') }] },
    },
  };
  const environment = () => ({
    ACME_KEY: 'key-of-acme',
    ACME_SIGNS: 'signs-for-acme,signed-before',
    AUTH_JWT_SECRET: 'secret-of-the-gateway',
    PARTOO_API_KEY_FILE: fileOf('key-of-a-file'),
    TENANTS_FILE: writeTenants(tenants).path,
    HOST: 'a-host-name',
  });

  test.each([
    'key-of-acme',
    'signs-for-acme',
    'signed-before',
    'secret-of-a-file',
    'secret-of-the-gateway',
    'key-of-a-file',
  ])('%s', (secret) => {
    const secrets = secretsIn(environment());
    expect(() => expectPrivateLog([`{"msg":"${secret}"}`], secrets)).toThrow('a secret is told');
  });

  test('and what is none passes', () => {
    expectPrivateLog(['{"msg":"a-host-name"}'], secretsIn(environment()));
  });
});

describe('a name in Redis', () => {
  test.each([
    'gateway:clock',
    'gateway:check:11',
    'gateway:check:all',
    'gateway:{partoo.form}:calls',
    'gateway:{l0g8GqbZ-_4fU2aA}:spread',
    `gateway:snapshot:${digest}`,
    `gateway:evidence:${digest}`,
    'gateway:snapshots:2.cronofy.form.partoo.form',
    'gateway:notifications:acme/2.l0g8GqbZ-_4fU2aA',
  ])('may be %s', (name) => expectPrivateNames([name]));

  test.each([
    'gateway:snapshot:review-sent',
    'gateway:notice:user-17',
    `gateway:claim:${digest}:user-17`,
    'gateway:evidence:acme',
    'gateway:caller:203.0.113.1',
    'gateway:{partoo.form}:user-17',
    'gateway:snapshots:review-sent',
    'gateway:snapshots:acme/2.ann@example.com',
    'gateway:check:review-sent',
    'other:clock',
  ])('may not be %s', (name) => expect(() => expectPrivateNames([name])).toThrow());
});
