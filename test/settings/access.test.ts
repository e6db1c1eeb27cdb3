// A gateway with real accounts is open to everybody only where it is told to be, and its keys are keys.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Environment, readSettings, SettingsError } from '../../src/settings.ts';

/** The line about each variable that is wrong. */
function mistakesIn(environment: Environment): string[] {
  try {
    readSettings(environment);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'access-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'secret'), text);
  return join(folder, 'secret');
}

const SECRET = 'a-secret-of-the-backend-with-32-bytes!';
const REAL = { PARTOO_API_KEY: 'key' };
const PRODUCTION = { ...REAL, NODE_ENV: 'production' };
const KEYS = { AUTH_JWT_SECRET: SECRET };
const OPEN =
  'AUTH must be off, or AUTH_JWKS_URL or AUTH_JWT_SECRET be set: all who reach the gateway would read everything';
const NO_KEYS = 'AUTH must not be required where neither AUTH_JWKS_URL nor AUTH_JWT_SECRET is set';

describe('a gateway with real accounts', () => {
  test.each<[string, Environment]>([
    ['in production', PRODUCTION],
    ['in production, with an account out of a file', { NODE_ENV: 'production', PARTOO_API_KEY_FILE: '<file>' }],
    ['in production, with the account of another provider', { NODE_ENV: 'production', CRONOFY_CLIENT_SECRET: 'key' }],
    ['that listens on all addresses', { ...REAL, HOST: '0.0.0.0' }],
    ['that listens on all addresses of IPv6', { ...REAL, HOST: '::' }],
    ['that listens on one of a network', { ...REAL, HOST: '10.1.2.3' }],
    ['that listens on a name that only begins like this machine', { ...REAL, HOST: '127.0.0.1.example.com' }],
    ['where an issuer is set, which is no key', { ...PRODUCTION, AUTH_ISSUER: 'https://login.example.com' }],
    // Neither of these is a secret, so neither is read from a file.
    ['where AUTH_JWKS_URL_FILE is set, which sets nothing', { ...PRODUCTION, AUTH_JWKS_URL_FILE: '<file>' }],
    ['where TENANTS_FILE_FILE is set, which sets nothing', { ...PRODUCTION, TENANTS_FILE_FILE: '<file>' }],
  ])('%s does not start without keys', (_, environment) => {
    const entries = Object.entries(environment).map(([name, value]) => [
      name,
      value === '<file>' ? fileOf('https://login.example.com/jwks') : value,
    ]);
    expect(mistakesIn(Object.fromEntries(entries))).toEqual([OPEN]);
  });

  test.each<[string, Environment, boolean]>([
    ['is open on this machine', REAL, false],
    ['is open on this machine by another name', { ...REAL, HOST: 'localhost' }, false],
    ['is open on this machine by IPv6', { ...REAL, HOST: '::1' }, false],
    ['is open in production where AUTH is off', { ...PRODUCTION, AUTH: 'off' }, false],
    ['is open where AUTH is off in spite of keys', { ...PRODUCTION, ...KEYS, AUTH: 'off' }, false],
    ['asks for tokens where there is a secret', { ...PRODUCTION, ...KEYS }, true],
    [
      'asks for tokens where there is a key set',
      { ...PRODUCTION, AUTH_JWKS_URL: 'https://login.example.com/jwks' },
      true,
    ],
    ['asks for tokens on this machine too', { ...REAL, ...KEYS, AUTH: 'required' }, true],
  ])('%s', (_, environment, asksForTokens) => {
    expect(readSettings(environment).access !== undefined).toBe(asksForTokens);
  });

  test('has a secret out of a file', () => {
    const { access } = readSettings({ ...PRODUCTION, AUTH_JWT_SECRET_FILE: fileOf(`${SECRET}\n`) });
    expect(access?.authority?.secrets.map((secret) => secret.reveal())).toEqual([SECRET]);
  });
});

test.each<[string, Environment]>([
  ['the sandbox', {}],
  ['real accounts', REAL],
  ['real accounts in production', PRODUCTION],
])('tokens are not required of callers of %s where none can be checked', (_, environment) => {
  expect(mistakesIn({ ...environment, AUTH: 'required' })).toEqual([NO_KEYS]);
});

describe('a secret', () => {
  test.each([
    ['of 31 bytes', 'x'.repeat(31), 'must have at least 32 bytes'],
    ['of which one of several is short', `${SECRET}, short`, 'must have at least 32 bytes'],
    ['that is followed by a comma', `${SECRET},`, 'must have at least 32 bytes'],
    [
      'that is a key in PEM',
      `-----BEGIN PUBLIC KEY-----\n${'M'.repeat(64)}\n-----END PUBLIC KEY-----`,
      'must be a shared secret, and no key in PEM or JSON',
    ],
    [
      'beside which a key in PEM stands',
      `${SECRET},\n-----BEGIN RSA PUBLIC KEY-----\n${'M'.repeat(64)}`,
      'must be a shared secret, and no key in PEM or JSON',
    ],
    [
      'that is a key in JSON',
      '{"kty":"RSA","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4"}',
      'must be a shared secret, and no key in PEM or JSON',
    ],
    [
      'that is a set of keys in JSON',
      ' [{"kty":"oct","k":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4"}]',
      'must be a shared secret, and no key in PEM or JSON',
    ],
  ])('%s is refused, and not shown', (_, secret, message) => {
    const mistakes = mistakesIn({ AUTH_JWT_SECRET: secret });
    expect(mistakes).toEqual([`AUTH_JWT_SECRET ${message}`]);
    expect(mistakesIn({ AUTH_JWT_SECRET_FILE: fileOf(secret) })).toEqual([
      `AUTH_JWT_SECRET_FILE names a file whose content ${message}`,
    ]);
  });

  test('is counted in bytes, and there may be several', () => {
    const secrets = [SECRET, 'ä'.repeat(16)];
    const { access } = readSettings({ AUTH_JWT_SECRET: secrets.join(' , ') });
    expect(access?.authority?.secrets.map((secret) => secret.reveal())).toEqual(secrets);
    expect(JSON.stringify(access)).not.toContain(SECRET);
  });
});

test('keys that could not be fetched anew go on for ten minutes at least', () => {
  const message = 'AUTH_JWKS_STALE_SECONDS must be 600 seconds or more';
  expect(mistakesIn({ AUTH_JWKS_STALE_SECONDS: '599' })).toEqual([message]);
});

test.each([
  ['plain http', 'http://login.example.com/jwks'],
  ['plain http to a name that begins like this machine', 'http://127.0.0.1.example.com/jwks'],
  ['a file', 'file:///etc/jwks.json'],
  ['a name and a password', 'https://user:pass@login.example.com/jwks'],
  ['no scheme', 'login.example.com/jwks'],
])('a key set is not fetched by %s', (_, url) => {
  expect(mistakesIn({ AUTH_JWKS_URL: url })).toEqual([
    'AUTH_JWKS_URL must be an https URL, or one of plain http on this machine, without a name or password',
  ]);
});

test.each([
  'https://login.example.com/jwks?v=1',
  'http://127.0.0.1:8080/jwks',
  'http://[::1]/jwks',
  'http://localhost/',
])('a key set is fetched from %s', (url) => {
  expect(readSettings({ AUTH_JWKS_URL: url }).access?.authority?.jwksUrl).toBe(url);
});
