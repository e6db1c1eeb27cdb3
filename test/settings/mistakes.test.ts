// Which values of the environment are refused, and how that is said.

import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Environment, readSettings, SettingsError } from '../../src/settings.ts';

/** The message about them, `nothing` where there is none. */
function mistakesIn(environment: Environment): string {
  try {
    readSettings(environment);
    return 'nothing';
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    // What is not in the message must not be anywhere else in the error either.
    expect(inspect(error, { depth: null, showHidden: true }).match(/sk_\w+/g)).toBeNull();
    return error.message;
  }
}

describe('a mistake', () => {
  const WRONG = {
    PORT: '65536',
    ADMIN_PORT: 'off',
    ADMIN_ALLOWED_HOSTS: 'https://status.example.com',
    CORS_ORIGINS: 'https://app.example.com/path',
    PUBLIC_ORIGIN: 'https://gateway.example.com/graphql',
    TRUSTED_PROXIES: '10.0.0.0/33',
    DRAIN_SECONDS: 'a-while',
    GRAPHIQL: 'perhaps-graphiql',
    LOG_LEVEL: 'loud',
    SLOW_MS: 'sluggish',
    SANDBOX: 'perhaps-sandbox',
    PARTOO_ENVIRONMENT: 'staging',
    PARTOO_BASE_URL: 'https://partoo.example/v3',
    PARTOO_QUOTA: 'plenty',
    CRONOFY_CLIENT_SECRET: 'hush,',
    CRONOFY_DATA_CENTER: 'fr',
    CRONOFY_BASE_URL: 'https://cronofy.example/v1',
    CRONOFY_QUOTA: '45/1s,plenty',
  };

  test('is reported together with all others, one variable a line', () => {
    const [, ...lines] = mistakesIn({ ...WRONG, PARTOO_API_KEY: 'key' }).split('\n');
    expect(lines.map((line) => line.trim().split(' ')[0]).toSorted()).toEqual(Object.keys(WRONG).toSorted());
    for (const line of lines) expect(line).toMatch(/^ {2}[A-Z_]+ must be /);
  });

  test.each(Object.entries(WRONG))('in %s is reported without the value %j', (name, value) => {
    const message = mistakesIn({ [name]: value, PARTOO_API_KEY: 'key' });
    expect(message).toContain(`  ${name} must be `);
    expect(message.split('\n')).toHaveLength(2);
    expect(message).not.toContain(value);
    expect(message).not.toContain('key');
  });

  test('is never reported with its value, which may be a secret in the wrong place', () => {
    for (const name of Object.keys(WRONG).filter((each) => each !== 'CRONOFY_CLIENT_SECRET')) {
      expect(mistakesIn({ [name]: 'sk_live_51H8' })).toContain(`  ${name} must be `);
    }
  });

  test.each(['two words', 'with\nline', 'clé', ' '])('is the key %j, which no header can hold', (key) => {
    expect(mistakesIn({ PARTOO_API_KEY: key })).toContain('  PARTOO_API_KEY must be ');
    expect(mistakesIn({ CRONOFY_CLIENT_SECRET: `good,${key}` })).toContain('  CRONOFY_CLIENT_SECRET must be ');
  });

  test.each(
    ['proxy.example:3128', '//proxy.example', 'socks5://proxy.example', 'http://proxy.example/path'].concat([
      'http://proxy.example?a=1',
      'http://us%er:sk_password@proxy.example',
      'nonsense',
    ]),
  )('is the proxy %s', (HTTPS_PROXY) => {
    expect(mistakesIn({ HTTPS_PROXY })).toContain('  HTTPS_PROXY must be ');
  });

  test.each(['1000000', '-1', '1e3', 'soon'])('are %j seconds', (PATIENCE_SECONDS) => {
    expect(mistakesIn({ PATIENCE_SECONDS })).toContain('  PATIENCE_SECONDS must be ');
  });

  test.each(['-1', '65536', '4000.5', '0x10', '1e3', ' 4000', 'http'])('is the port %j', (PORT) => {
    expect(mistakesIn({ PORT })).toContain('  PORT must be ');
  });

  test.each(['*', 'null', 'app.example.com', 'https://app.example.com/', 'https://a.example,,https://b.example'])(
    'is the CORS origin %j',
    (CORS_ORIGINS) => {
      expect(mistakesIn({ CORS_ORIGINS })).toContain('  CORS_ORIGINS must be ');
    },
  );

  test.each([
    ['https://app.example.com/', ', without the slash at the end'],
    ['https://app.example.com, http://localhost:5173/', ', without the slash at the end'],
    ['https://app.example.com/page/', ', without a path'],
    ['https://app.example.com?a', ', without a path'],
    ['https://sk_ann:sk_secret@app.example.com', ', without a name or password'],
    ['localhost:5173', ', with http:// or https:// before the host'],
    ['app.example.com/', ', with http:// or https:// before the host'],
    ['*', ', each by its name and not by a star'],
    ['HTTPS://App.example.com', ', as browsers write it: in small letters, and without the usual port'],
    ['https://app.example.com:443', ', as browsers write it: in small letters, and without the usual port'],
    ['ftp://app.example.com', ''],
    ['https://', ''],
  ])('is the origin %j, and what is nearly one is told what is wrong with it', (text, hint) => {
    const wanted = 'must be origins such as https://app.example.com, separated by commas';
    expect(mistakesIn({ CORS_ORIGINS: text }).split('\n')).toContain(`  CORS_ORIGINS ${wanted}${hint}`);
    if (text.includes(',')) return;
    const one = 'must be an origin such as https://gateway.example.com';
    expect(mistakesIn({ PUBLIC_ORIGIN: text }).split('\n')).toContain(`  PUBLIC_ORIGIN ${one}${hint}`);
  });

  test.each(['http://0.0.0.0', '0.0.0.0:4000', '[::1]', 'a b', 'localhost/'])('is the host %j', (HOST) => {
    expect(mistakesIn({ HOST })).toContain('  HOST must be an address or a name alone, without a scheme or port');
  });

  test.each(['127.0.0.1', '::', 'fe80::1%eth0', 'localhost', 'my_container', 'gateway.example.com'])(
    'is not the host %j',
    (HOST) => {
      expect(mistakesIn({ HOST })).toBe('nothing');
    },
  );

  test.each(['*', 'null', 'gateway.example.com', 'https://gateway.example.com/', 'https://gateway.example.com:443'])(
    'is the public origin %j',
    (PUBLIC_ORIGIN) => {
      expect(mistakesIn({ PUBLIC_ORIGIN })).toContain('  PUBLIC_ORIGIN must be ');
    },
  );

  test.each(
    ['proxy.example.com', '10.0.0.1,,10.0.0.2', '10.0.0', '10.0.0.0/', '10.0.0.0/08', '::1/129', '[::1]'].concat([
      '10.0.0.1:80',
      // Everybody would choose who it is.
      '0.0.0.0/0',
      '::/0',
    ]),
  )('are the trusted proxies %j', (TRUSTED_PROXIES) => {
    expect(mistakesIn({ TRUSTED_PROXIES })).toContain('  TRUSTED_PROXIES must be ');
  });

  test.each(
    ['http://127.0.0.1:1', 'https://p.example/', 'https://p.example/v3', 'https://p.example/api/v2'].concat(
      ['https://p.example/v2/x', 'https://p.example/v2?a=1', 'https://p.example/v2#a', 'https://u:p@p.example/v2'],
      ['ftp://p.example/v2', 'p.example/v2', '/v2', 'nonsense'],
    ),
  )('is the base URL %s for Partoo', (PARTOO_BASE_URL) => {
    expect(mistakesIn({ PARTOO_BASE_URL })).toContain('  PARTOO_BASE_URL must be ');
  });

  test.each(
    ['https://c.example/v1', 'https://c.example//', 'https://c.example?a=1', 'https://c.example#a'].concat([
      'https://u@c.example',
      'ftp://c.example',
      'c.example',
      '127.0.0.1:4020',
      'nonsense',
    ]),
  )('is the base URL %s for Cronofy', (CRONOFY_BASE_URL) => {
    expect(mistakesIn({ CRONOFY_BASE_URL })).toContain('  CRONOFY_BASE_URL must be ');
  });
});
