// The file of tenants: what becomes of it.

import { writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { readSettings, readTenantsAnew } from '../../src/settings.ts';
import { ENVIRONMENT, fileOf, partoo, read, SECRET } from './tenants-file.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of what is reachable. */
function used(): number {
  collect();
  return process.memoryUsage().heapUsed;
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
    const fingerprints = () =>
      [...readTenantsAnew(environment, undefined).values()].map(({ fingerprint }) => fingerprint);
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
    readTenantsAnew(environment, undefined);
    const before = used();
    const all = readTenantsAnew(environment, undefined);
    const each = (used() - before) / 1_000;
    expect(all?.size).toBe(1_000);
    expect(each).toBeGreaterThan(0);
    expect(each).toBeLessThan(20 * 1024);
  });

  test('may be called as what every object has', () => {
    expect([...(read({ constructor: { partoo: partoo() } }).tenants?.keys() ?? [])]).toEqual(['constructor']);
  });
});
