// `npm start -- --check`: what is set and what is wrong, without secrets, and nothing is started.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endRuns, MAIN, run } from '../process.ts';

let folder = '';
let keyFile = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'));
  keyFile = join(folder, 'key');
  writeFileSync(keyFile, 'sk_in_file\n');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(endRuns);

async function check(environment: Record<string, string>) {
  const { ended, stdout, stderr } = run(MAIN, environment, '--check');
  const { code } = await ended;
  expect(stderr()).toBe('');
  expect(stdout()).not.toMatch(/sk_|^\s+at /m);
  return { code, text: stdout(), lines: stdout().split('\n') };
}

describe('the check', () => {
  test('prints the settings and their defaults, and ends with 0', async () => {
    const { code, lines } = await check({ PORT: '8080', CORS_ORIGINS: 'https://a.example, https://b.example' });
    expect(code).toBe(0);
    expect(lines.slice(0, lines.indexOf(''))).toEqual([
      'Set:',
      '  PORT: 8080',
      '  CORS_ORIGINS: "https://a.example, https://b.example"',
    ]);
    for (const line of [
      '  HOST: 127.0.0.1',
      '  STALE_SECONDS: 600',
      '  CRONOFY_DATA_CENTER: us',
      '  CRONOFY_QUOTA: 45/1s,450/60s',
    ]) {
      expect(lines).toContain(line);
    }
    expect(lines.slice(lines.indexOf('Not set:'))).toContain('  PARTOO_API_KEY');
    expect(lines).toContain('The settings are right.');
  });

  test('prints the defaults that hold where they depend on other settings', async () => {
    const dependent = /^ {2}(?:DRAIN_SECONDS|AUTH|GRAPHIQL|INTROSPECTION|SANDBOX): .*/gm;
    const sandbox = (await check({})).text;
    expect(sandbox.match(dependent)?.toSorted()).toEqual([
      '  AUTH: off',
      '  DRAIN_SECONDS: 0',
      '  GRAPHIQL: on',
      '  INTROSPECTION: on',
      '  SANDBOX: on',
    ]);
    const set = {
      NODE_ENV: 'production',
      PARTOO_API_KEY: 'sk_one',
      AUTH_JWT_SECRET: 'sk_that_signs_with_32_bytes_or_more',
    };
    expect((await check(set)).text.match(dependent)?.toSorted()).toEqual([
      '  AUTH: required',
      '  DRAIN_SECONDS: 5',
      '  GRAPHIQL: off',
      '  INTROSPECTION: off',
      '  SANDBOX: off',
    ]);
  });

  test('says how many tenants there are, and what is wrong with one', async () => {
    const file = join(folder, 'tenants.json');
    const set = { TENANTS_FILE: file, ACME_KEY: 'sk_acme', AUTH_JWT_SECRET: 'sk_that_signs_with_32_bytes_or_more' };
    writeFileSync(file, '{"acme": {"partoo": {"apiKey": {"env": "ACME_KEY"}}}}');
    const right = await check(set);
    expect(right.code).toBe(0);
    expect(right.lines).toContain('Tenants: 1, each with accounts of its own');
    writeFileSync(file, '{"acme": {"partoo": {"apiKey": "sk_in_the_file"}}}');
    const wrong = await check(set);
    expect(wrong.code).toBe(1);
    expect(wrong.text).toContain('\n  TENANTS_FILE: acme.partoo.apiKey must be {"env": "NAME"} or {"file": "path"}');
  });

  test('prints that a secret is set, and no secret', async () => {
    const { code, lines } = await check({
      PARTOO_API_KEY_FILE: keyFile,
      CRONOFY_CLIENT_SECRET: 'sk_new,sk_old',
      REDIS_URL: 'redis://:sk_password@127.0.0.1',
      PROCESSES: '2',
      HTTPS_PROXY: 'http://user:sk_password@proxy.example:3128',
      NO_PROXY: 'internal.example',
    });
    expect(code).toBe(0);
    expect(lines).toContain('  HTTPS_PROXY: set');
    expect(lines).toContain('  NO_PROXY: internal.example');
    expect(lines).toContain('  PARTOO_API_KEY: set by file');
    expect(lines).toContain('  CRONOFY_CLIENT_SECRET: set');
    expect(lines).toContain('  REDIS_URL: set');
    expect(lines).toContain('Providers: CRONOFY, PARTOO');
  });

  test('prints every mistake without the values, and ends with 1', async () => {
    const { code, lines } = await check({
      HOST: '0.0.0.0',
      PORT: 'sk_in_the_wrong_place',
      PARTOO_API_KEY: 'sk_one',
      PARTOO_API_KEY_FILE: keyFile,
      CRONOFY_CLIENT_SECRET_FILE: 'sk_no_such_file',
      FRESH_SECONDS: '61',
    });
    expect(code).toBe(1);
    expect(
      lines
        .slice(lines.indexOf('The settings are not right:') + 1)
        .filter(Boolean)
        .toSorted(),
    ).toEqual([
      '  AUTH must be off, or AUTH_JWKS_URL or AUTH_JWT_SECRET be set: all who reach the gateway would read everything',
      '  CRONOFY_CLIENT_SECRET_FILE must name a file that can be read',
      '  FRESH_SECONDS must not be above REVALIDATE_SECONDS, which is 60 by default',
      '  PARTOO_API_KEY_FILE must not be set together with PARTOO_API_KEY',
      '  PORT must be a port number, 0 to 65535',
    ]);
    for (const line of ['  HOST: 0.0.0.0', '  PORT: set, but wrong', '  FRESH_SECONDS: 61']) {
      expect(lines).toContain(line);
    }
    expect(lines).not.toContain('The settings are right.');
  });

  test('prints that credentials are not used while the sandbox is on', async () => {
    const { code, text } = await check({ SANDBOX: 'on', PARTOO_API_KEY_FILE: keyFile, REDIS_URL: 'redis://127.0.0.1' });
    expect(code).toBe(0);
    expect(text).toContain('\nSANDBOX is on: PARTOO_API_KEY will not be used\n');
    expect((await check({ SANDBOX: 'on' })).text).not.toContain('will not be used');
  });

  test('prints that no provider is configured', async () => {
    expect((await check({ NODE_ENV: 'production' })).text).toContain('\nProviders: none is configured\n');
    expect((await check({})).text).toContain('\nProviders: the sandbox');
  });

  test('opens no port: it ends with 0 where the port is in use', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    try {
      const { code, text } = await check({ PORT: String((listener.address() as AddressInfo).port) });
      expect(code).toBe(0);
      expect(text).not.toContain('listens');
    } finally {
      listener.close();
    }
  });
});

describe('an unknown argument', () => {
  test.each([
    [['--chekc'], ' --chekc'],
    [['--check', '--port=8080'], ' --port'],
    [['-h'], ' -h'],
    [['PARTOO_API_KEY=sk_live'], ''],
    [['sk_live'], ''],
    [['--sk_live'], ''],
    [['--key=sk_live'], ' --key'],
    [[''], ''],
  ])('causes one line and exit code 1: %j', async (args, shown) => {
    const { ended, stdout, stderr } = run(MAIN, { PORT: '0' }, ...args);
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(stderr()).toBe(
      `Unknown argument${shown}: there are --check and --compile, and settings are environment variables.\n`,
    );
    expect(stdout()).toBe('');
  });
});
