// How the environment becomes settings: which values are accepted.

import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { readSettings } from '../src/settings.ts';
import { Secret } from '../src/upstream/secret.ts';

test('all settings have defaults or are optional', () => {
  expect(readSettings({})).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
    publicOrigin: undefined,
    trustedProxies: { rules: [] },
    drainMs: 0,
    corsOrigins: [],
    graphiql: true,
    logLevel: 'info',
    accounts: [],
  });
});

test('an empty variable counts as not set', () => {
  const names = [
    'HOST',
    'PORT',
    'ADMIN_HOST',
    'ADMIN_PORT',
    'ADMIN_ALLOWED_HOSTS',
    'PUBLIC_ORIGIN',
    'TRUSTED_PROXIES',
    'DRAIN_SECONDS',
    'CORS_ORIGINS',
    'GRAPHIQL',
    'LOG_LEVEL',
    'SANDBOX',
    'NODE_ENV',
    'PARTOO_API_KEY',
  ].concat([
    'PARTOO_ENVIRONMENT',
    'PARTOO_BASE_URL',
    'CRONOFY_CLIENT_SECRET',
    'CRONOFY_DATA_CENTER',
    'CRONOFY_BASE_URL',
  ]);
  expect(readSettings(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readSettings({}));
});

test('every variable is read as documented', () => {
  const environment = {
    HOST: '0.0.0.0',
    PORT: '0',
    ADMIN_HOST: '127.0.0.2',
    ADMIN_PORT: '9100',
    ADMIN_ALLOWED_HOSTS: 'Gateway-1.example.com, .example.net',
    PUBLIC_ORIGIN: 'https://gateway.example.com',
    TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7,2001:db8::/32',
    DRAIN_SECONDS: '0.5',
    CORS_ORIGINS: 'https://app.example.com, http://localhost:3000',
    GRAPHIQL: 'off',
    LOG_LEVEL: 'debug',
    SLOW_MS: '250',
    SANDBOX: 'on',
    CRONOFY_CLIENT_SECRET: 'secret',
    CRONOFY_DATA_CENTER: 'de',
  };
  expect(readSettings(environment)).toMatchObject({
    host: '0.0.0.0',
    port: 0,
    admin: { host: '127.0.0.2', port: 9_100, allowedHosts: ['gateway-1.example.com', '.example.net'] },
    publicOrigin: 'https://gateway.example.com',
    drainMs: 500,
    corsOrigins: ['https://app.example.com', 'http://localhost:3000'],
    graphiql: false,
    logLevel: 'debug',
    slowMs: 250,
    sandbox: true,
    accounts: [{ provider: 'CRONOFY', defaults: { dataCenter: 'DE' } }],
  });
});

test.each([
  ['on where no provider is configured', {}, true],
  ['on in development', { NODE_ENV: 'development' }, true],
  ['off in production', { NODE_ENV: 'production' }, false],
  ['off once a provider is configured', { PARTOO_API_KEY: 'key' }, false],
  ['off once the other provider is configured', { CRONOFY_CLIENT_SECRET: 'secret' }, false],
  ['off where SANDBOX is off', { SANDBOX: 'off' }, false],
  [
    'on where SANDBOX is on, whatever the other variables',
    { SANDBOX: 'on', NODE_ENV: 'production', PARTOO_API_KEY: 'key' },
    true,
  ],
])('the sandbox is %s', (_, environment, sandbox) => {
  expect(readSettings(environment).sandbox).toBe(sandbox);
});

test('a proxy is taken with the hosts that are called without it, whatever else stands among them', () => {
  const { proxy } = readSettings({
    HTTPS_PROXY: 'http://u:p%20w@proxy.example:3128',
    NO_PROXY: ' a.example, 10.0.0.0/8 b ',
  });
  expect(proxy?.url.reveal()).toBe('http://u:p%20w@proxy.example:3128');
  expect(proxy?.except).toEqual(['a.example', '10.0.0.0/8', 'b']);
  expect(readSettings({ NO_PROXY: '*' }).proxy).toBeUndefined();
});

test('a secret never prints', () => {
  const settings = readSettings({
    PARTOO_API_KEY: 'hush-1',
    CRONOFY_CLIENT_SECRET: 'hush-2,hush-3',
    HTTPS_PROXY: 'http://u:hush-5@proxy.example',
  });
  expect(settings.accounts).toHaveLength(2);
  expect(inspect({ key: new Secret('hush-4') })).toBe('{ key: [redacted] }');
  const opened = settings.accounts.map((account) => account.open(async () => null));
  for (const value of [settings, ...settings.accounts, ...opened, new Secret('hush-4')]) {
    const prints = [inspect(value, { depth: null, showHidden: true }), JSON.stringify(value), `${value}`];
    expect(prints.join('\n')).not.toContain('hush');
  }
});
