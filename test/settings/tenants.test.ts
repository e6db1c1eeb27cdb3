// The file of tenants: what becomes of it, and what is said of each mistake in it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, test } from 'vitest';
import { type Environment, readSettings, readTenantsAnew, SettingsError } from '../../src/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenants-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function fileOf(content: unknown): string {
  files += 1;
  const path = join(folder, `${files}`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of what is reachable. */
function used(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const SECRET = 'a-secret-of-acme-with-32-bytes-or-more!';
const ENVIRONMENT = {
  AUTH_JWT_SECRET: 'a-secret-of-the-gateway-with-32-bytes!',
  ACME_KEY: 'acme-key',
  BETA_KEY: 'beta-key',
  ACME_SECRET: SECRET,
};
const partoo = (env = 'ACME_KEY') => ({ apiKey: { env } });

const read = (tenants: unknown, environment: Environment = {}) =>
  readSettings({ ...ENVIRONMENT, TENANTS_FILE: fileOf(tenants), ...environment });

/** The lines about single settings, in order. */
function mistakesIn(tenants: unknown, environment: Environment = {}): string[] {
  try {
    read(tenants, environment);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const [, ...lines] = error.message.split('\n');
    return lines.map((line) => line.trim());
  }
}

describe('a tenant', () => {
  test('has the accounts that its members make, with the defaults of the variables', () => {
    const cronofySecret = fileOf('newer,older\n');
    const { tenants, accounts, sandbox } = read({
      acme: {
        partoo: { ...partoo(), environment: 'sandbox', account: 'main', quota: '100/60s' },
        cronofy: { clientSecret: { file: cronofySecret }, dataCenter: 'de' },
      },
      beta: { partoo: partoo('BETA_KEY') },
    });
    expect(accounts).toEqual([]);
    expect(sandbox).toBe(false);
    expect([...(tenants?.keys() ?? [])]).toEqual(['acme', 'beta']);
    expect(tenants?.get('acme')?.accounts).toMatchObject([
      { provider: 'PARTOO', id: 'partoo.main', quota: [{ limit: 100, windowMs: 60_000 }] },
      { provider: 'CRONOFY', defaults: { dataCenter: 'DE' } },
    ]);
    expect(tenants?.get('beta')?.accounts).toMatchObject([{ quota: [{ limit: 270, windowMs: 60_000 }] }]);
  });

  test('has the account that the same variables make without the file', () => {
    const { tenants } = read({ acme: { partoo: partoo() } });
    const { accounts } = readSettings({ PARTOO_API_KEY: 'acme-key' });
    expect(tenants?.get('acme')?.accounts[0]?.id).toBe(accounts[0]?.id);
  });

  test('has keys of its own where it names some, and else the gateway’s', () => {
    const auth = {
      jwksUrl: 'https://id.acme.example/jwks',
      issuer: 'a,b',
      audience: 'acme',
      secrets: [{ env: 'ACME_SECRET' }],
    };
    const { tenants, access } = read({ acme: { partoo: partoo(), auth }, beta: { partoo: partoo('BETA_KEY') } });
    const { secrets, ...others } = tenants?.get('acme')?.authority ?? {};
    expect(secrets?.map((secret) => secret.reveal())).toEqual([SECRET]);
    expect(others).toEqual({ jwksUrl: auth.jwksUrl, issuers: ['a', 'b'], audience: 'acme', jwksStaleMs: 86_400_000 });
    expect(tenants?.get('beta')?.authority).toBeUndefined();
    expect(access?.authority?.secrets).toHaveLength(1);
  });

  test('is meant by tokens with the gateway’s audience, where its keys name none', () => {
    const auth = { secrets: [{ env: 'ACME_SECRET' }] };
    const { tenants } = read({ acme: { partoo: partoo(), auth } }, { AUTH_AUDIENCE: 'ours' });
    expect(tenants?.get('acme')?.authority?.audience).toBe('ours');
  });

  test('asks for tokens also where the gateway has no keys, because each has its own', () => {
    const auth = { secrets: [{ env: 'ACME_SECRET' }] };
    const { access } = read({ acme: { partoo: partoo(), auth } }, { AUTH_JWT_SECRET: undefined, AUTH: 'required' });
    expect(access).toEqual({ claim: 'invitations', authority: undefined });
  });

  test('is another one where its settings or the content of its files are, and the same otherwise', () => {
    const secret = fileOf('one');
    const file = fileOf({ acme: { cronofy: { clientSecret: { file: secret } } }, beta: { partoo: partoo() } });
    const environment = { ...ENVIRONMENT, TENANTS_FILE: file };
    const fingerprints = () => [...readTenantsAnew(environment).values()].map(({ fingerprint }) => fingerprint);
    const [acme, beta] = fingerprints();
    expect(fingerprints()).toEqual([acme, beta]);
    writeFileSync(secret, 'two');
    expect(fingerprints()[0]).not.toBe(acme);
    expect(fingerprints()[1]).toBe(beta);
    expect(acme).not.toBe(beta);
  });

  test('takes less than 20 KB as long as nobody asks for it', () => {
    const names = Array.from({ length: 1_000 }, (_, n) => `tenant-${n}`);
    const secrets = Object.fromEntries(names.map((name) => [name, `secret-of-${name}-with-32-bytes-or-more`]));
    const tenants = names.map((name) => [
      name,
      { partoo: partoo(name), cronofy: { clientSecret: { env: name } }, auth: { secrets: [{ env: name }] } },
    ]);
    const environment = { ...ENVIRONMENT, ...secrets, TENANTS_FILE: fileOf(Object.fromEntries(tenants)) };
    // What runs for the first time takes memory of its own.
    readTenantsAnew(environment);
    const before = used();
    const all = readTenantsAnew(environment);
    const each = (used() - before) / 1_000;
    expect(all?.size).toBe(1_000);
    expect(each).toBeGreaterThan(0);
    expect(each).toBeLessThan(20 * 1024);
  });

  test('may be called as what every object has', () => {
    expect([...(read({ constructor: { partoo: partoo() } }).tenants?.keys() ?? [])]).toEqual(['constructor']);
  });
});

/** Their addresses are one, in two spellings. */
const ofOneKeySet = (acmes: object, betas: object) => ({
  acme: { partoo: partoo(), auth: { jwksUrl: 'https://id.example/jwks', ...acmes } },
  beta: { partoo: partoo('BETA_KEY'), auth: { jwksUrl: 'https://ID.example:443/jwks', ...betas } },
});

describe('a mistake', () => {
  const acme = (more: object) => ({ acme: { partoo: partoo(), ...more } });

  test.each<[string, unknown, string[]]>([
    ['no JSON', '{"acme"', ['TENANTS_FILE must name a file of JSON with an object in it']],
    ['a list', [], ['TENANTS_FILE must name a file of JSON with an object in it']],
    ['no tenant', {}, ['TENANTS_FILE must name a file with a tenant in it']],
    ...['../', 'a/b', 'Acme', '', 'x'.repeat(33), '__proto__'].map((name): [string, unknown, string[]] => [
      `a tenant called ${JSON.stringify(name)}`,
      JSON.stringify({ NAME: { partoo: partoo() } }).replace('NAME', name),
      ['TENANTS_FILE: tenant 1 must have a name of 1 to 32 small letters, digits and hyphens'],
    ]),
    [
      'a tenant that is a text',
      { acme: 'key' },
      ['TENANTS_FILE: acme must be an object', 'TENANTS_FILE: acme must have an account: cronofy or partoo'],
    ],
    ['no account', { acme: {} }, ['TENANTS_FILE: acme must have an account: cronofy or partoo']],
    ['an account without a key', { acme: { partoo: {} } }, ['TENANTS_FILE: acme.partoo must have apiKey']],
    ['a provider that there is not', acme({ starpost: {} }), ['TENANTS_FILE: acme.starpost is not known']],
    [
      'a member that there is not',
      { acme: { partoo: { apikey: 'k' } } },
      ['TENANTS_FILE: acme.partoo.apikey is not known'],
    ],
    [
      'a secret in the place of a name',
      { acme: { partoo: { 'sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa': 'x' } } },
      ['TENANTS_FILE: acme.partoo.a member with a strange name is not known'],
    ],
    [
      'a secret in the file itself',
      { acme: { partoo: { apiKey: 'canary-key' } } },
      ['TENANTS_FILE: acme.partoo.apiKey must be {"env": "NAME"} or {"file": "path"}, and not the secret itself'],
    ],
    [
      'a secret in two places',
      { acme: { partoo: { apiKey: { env: 'ACME_KEY', file: '/x' } } } },
      ['TENANTS_FILE: acme.partoo.apiKey must be {"env": "NAME"} or {"file": "path"}, and not the secret itself'],
    ],
    [
      'a variable that is not set',
      { acme: { partoo: { apiKey: { env: 'NONE' } } } },
      ['TENANTS_FILE: acme.partoo.apiKey must name a variable that is set'],
    ],
    [
      'a file that there is not',
      { acme: { partoo: { apiKey: { file: '/no/such/file' } } } },
      ['TENANTS_FILE: acme.partoo.apiKey must name a file that can be read'],
    ],
    [
      'a number in a text’s place',
      acme({ cronofy: { clientSecret: { env: 'ACME_KEY' }, dataCenter: 7 } }),
      ['TENANTS_FILE: acme.cronofy.dataCenter must be a text'],
    ],
    [
      'a text that the provider does not take',
      acme({ cronofy: { clientSecret: { env: 'ACME_KEY' }, dataCenter: 'mars' } }),
      ['TENANTS_FILE: acme.cronofy.dataCenter must be one of au, ca, de, sg, uk, us'],
    ],
    ['keys that are none', acme({ auth: {} }), ['TENANTS_FILE: acme.auth must have jwksUrl or secrets']],
    [
      'keys over plain http',
      acme({ auth: { jwksUrl: 'http://id.example/jwks' } }),
      [
        'TENANTS_FILE: acme.auth.jwksUrl must be an https URL, or one of plain http on this machine, without a name or password',
      ],
    ],
    [
      'a signing secret that is too short',
      acme({ auth: { secrets: [{ env: 'ACME_KEY' }] } }),
      ['TENANTS_FILE: acme.auth.secrets[0] names a variable whose content must have at least 32 bytes'],
    ],
    [
      'signing secrets that are no list',
      acme({ auth: { secrets: {} } }),
      ['TENANTS_FILE: acme.auth.secrets must be a list', 'TENANTS_FILE: acme.auth must have jwksUrl or secrets'],
    ],
    [
      'the gateway’s secret as a tenant’s own',
      acme({ auth: { secrets: [{ env: 'AUTH_JWT_SECRET' }] } }),
      ['TENANTS_FILE: acme.auth.secrets must have none of AUTH_JWT_SECRET'],
    ],
    [
      'one secret of two tenants',
      {
        acme: { partoo: partoo(), auth: { secrets: [{ env: 'ACME_SECRET' }] } },
        beta: { partoo: partoo('BETA_KEY'), auth: { secrets: [{ env: 'ACME_SECRET' }] } },
      },
      ['TENANTS_FILE: beta.auth.secrets must have none of acme'],
    ],
    [
      'one key set of two tenants, whose tokens nothing tells apart',
      ofOneKeySet({ issuer: 'a' }, { issuer: 'b,a' }),
      ['TENANTS_FILE: beta.auth must have another issuer or audience than acme, which has the same jwksUrl'],
    ],
    [
      'one key set of two tenants, of which one takes any issuer',
      ofOneKeySet({ issuer: 'a' }, {}),
      ['TENANTS_FILE: beta.auth must have another issuer or audience than acme, which has the same jwksUrl'],
    ],
    [
      'one key set of two tenants, of which the first takes any issuer',
      ofOneKeySet({ audience: 'ours' }, { audience: 'ours', issuer: 'b' }),
      ['TENANTS_FILE: beta.auth must have another issuer or audience than acme, which has the same jwksUrl'],
    ],
    ['one key set of two tenants with other issuers is right', ofOneKeySet({ issuer: 'a' }, { issuer: 'b' }), []],
    ['one key set of two tenants with other audiences is right', ofOneKeySet({ audience: 'a' }, { audience: 'b' }), []],
    [
      'two quotas of one account',
      { acme: { partoo: { ...partoo(), quota: '10/60s' } }, beta: { partoo: partoo() } },
      ['TENANTS_FILE: beta.partoo.quota must be that of acme, which uses the same account'],
    ],
  ])('%s is told', (_, tenants, lines) => {
    expect(mistakesIn(tenants)).toEqual(lines);
  });

  test('the gateway’s own key set as a tenant’s is told, where its tokens would be good for both', () => {
    const auth = { jwksUrl: 'https://id.example/jwks', issuer: 'https://id.example' };
    const environment = { AUTH_JWT_SECRET: undefined, AUTH_JWKS_URL: auth.jwksUrl };
    const tenants = { acme: { partoo: partoo(), auth }, beta: { partoo: partoo('BETA_KEY') } };
    const lines = [
      'TENANTS_FILE: acme.auth must have another issuer or audience than AUTH_JWKS_URL, which has the same jwksUrl',
    ];
    expect(mistakesIn(tenants, environment)).toEqual(lines);
    expect(mistakesIn(tenants, { ...environment, AUTH_ISSUER: 'https://id.example/other' })).toEqual([]);
  });

  test('in a file’s content is told as such, and no value is', () => {
    const file = fileOf('two words');
    expect(mistakesIn({ acme: { partoo: { apiKey: { file } } } })).toEqual([
      'TENANTS_FILE: acme.partoo.apiKey names a file whose content must be the credential alone: visible ASCII characters, no space',
    ]);
  });

  test('beside others is told together with them, the gateway’s own among them', () => {
    const tenants = { acme: { partoo: { apiKey: { env: 'NONE' }, quota: 3 } }, '../': {}, beta: { cronofy: {} } };
    expect(mistakesIn(tenants, { PORT: 'x' })).toEqual([
      'PORT must be a port number, 0 to 65535',
      'TENANTS_FILE: acme.partoo.apiKey must name a variable that is set',
      'TENANTS_FILE: acme.partoo.quota must be a text',
      'TENANTS_FILE: tenant 2 must have a name of 1 to 32 small letters, digits and hyphens',
      'TENANTS_FILE: beta.cronofy must have clientSecret',
    ]);
  });

  test('is a file that there is not', () => {
    expect(mistakesIn({}, { TENANTS_FILE: '/no/such/file' })).toEqual([
      'TENANTS_FILE must name a file that can be read',
    ]);
  });

  test('is a tenant whose tokens nobody signs', () => {
    expect(mistakesIn({ acme: { partoo: partoo() } }, { AUTH_JWT_SECRET: undefined })).toEqual([
      'TENANTS_FILE: acme must have auth where neither AUTH_JWKS_URL nor AUTH_JWT_SECRET is set',
    ]);
  });

  test.each<[Environment, string]>([
    [{ PARTOO_API_KEY: 'k' }, 'PARTOO_API_KEY must not be set together with TENANTS_FILE: accounts stand in that file'],
    [
      { CRONOFY_DATA_CENTER: 'de' },
      'CRONOFY_DATA_CENTER must not be set together with TENANTS_FILE: accounts stand in that file',
    ],
    [{ AUTH: 'off' }, 'AUTH must not be off where TENANTS_FILE is set: a token says whose accounts are used'],
    [{ SANDBOX: 'on' }, 'SANDBOX must not be on where TENANTS_FILE is set'],
  ])('is %j beside the file', (environment, line) => {
    expect(mistakesIn({ acme: { partoo: partoo() } }, environment)).toEqual([line]);
  });
});
