// What is said of each mistake in the file of tenants, and of settings that do not go with it.

import { describe, expect, test } from 'vitest';
import { type Environment, readSettings, readTenantsAnew } from '../../src/settings.ts';
import { ENVIRONMENT, fileOf, mistakesIn, partoo } from './tenants-file.ts';

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

  test('the gateway’s secret as a tenant’s own is told by SIGHUP too, whatever has become of other settings', () => {
    const file = fileOf({ acme: { partoo: partoo(), auth: { secrets: [{ env: 'AUTH_JWT_SECRET' }] } } });
    const { access } = readSettings(ENVIRONMENT);
    const environment = { ...ENVIRONMENT, TENANTS_FILE: file, TRUSTED_DOCUMENTS: '/no/such/file' };
    expect(() => readTenantsAnew(environment, access?.authority)).toThrow(
      'acme.auth.secrets must have none of AUTH_JWT_SECRET',
    );
  });

  test('the gateway’s own key set as a tenant’s is told, where its tokens would be good for both', () => {
    const auth = { jwksUrl: 'https://id.example/jwks', issuer: 'https://id.example' };
    const environment = { AUTH_JWT_SECRET: undefined, AUTH_JWKS_URL: auth.jwksUrl };
    const tenants = { acme: { partoo: partoo(), auth }, beta: { partoo: partoo('BETA_KEY') } };
    const lines = [
      'TENANTS_FILE: acme.auth must have another issuer or audience than the gateway, which has the same jwksUrl',
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
