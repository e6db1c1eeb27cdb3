// A token costs its verification once, and a forged one no more than a look.

import { jwtVerify } from 'jose';
import { beforeEach, expect, test, vi } from 'vitest';
import { createAuthority } from '../../src/access/authority.ts';
import { createRate } from '../../src/access/caller-rate.ts';
import { Secret } from '../../src/upstream/secret.ts';
import { startAdmission, wordOf } from './admitting.ts';
import { startKeyServer } from './key-server.ts';
import { AUDIENCE, createSigningKey, SECRET, sign, signWith } from './tokens.ts';

vi.mock('jose', { spy: true });
const verified = vi.mocked(jwtVerify);
beforeEach(() => void verified.mockClear());

const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

test('a thousand requests at once with one new token verify it once', async () => {
  const { show } = startAdmission();
  const header = [`Bearer ${sign()}`];
  const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => show(header)));
  expect(new Set(outcomes.map(wordOf))).toEqual(new Set(['admitted']));
  expect(verified).toHaveBeenCalledOnce();
  // At once from then on.
  expect(show(header)).not.toBeInstanceOf(Promise);
  expect(show(header)).toBe(outcomes[0]);
});

/** One tenant, which the test replaces. */
function listOfOne(secret: string = SECRET) {
  let tenant = tenantWith(secret);
  return {
    tenants: { named: () => tenant },
    replace(secretOfNew: string) {
      tenant.isServed = false;
      tenant = tenantWith(secretOfNew);
    },
  };
}

function tenantWith(secret: string) {
  const settings = { issuers: undefined, audience: AUDIENCE, jwksUrl: undefined, jwksStaleMs: 0 };
  const authority = createAuthority(
    { ...settings, secrets: [new Secret(secret)] },
    { proxy: undefined, onGone: () => undefined, onTrouble: () => undefined },
  );
  return { name: 'acme', isServed: true, defaultsOf: () => undefined, authority };
}

test('a token that is known expires', async () => {
  let at = Date.now();
  const { show } = startAdmission({ now: () => at });
  const header = [`Bearer ${sign({}, { expiresInSeconds: 60 })}`];
  expect(wordOf(await show(header))).toBe('admitted');
  at += 85_000;
  expect(wordOf(await show(header))).toBe('admitted');
  at += 6_000;
  expect(wordOf(await show(header))).toBe('expired');
  expect(verified).toHaveBeenCalledTimes(1);
});

test('a token is verified anew once its tenant was replaced, and its viewer is not current any more', async () => {
  const { tenants, replace } = listOfOne();
  const { show, admit } = startAdmission({ tenants });
  const token = sign({ tenant: 'acme' });
  const viewer = await show([`Bearer ${token}`]);
  if ('reason' in viewer) throw new Error(viewer.reason);
  expect(viewer.isCurrent()).toBe(true);
  replace(SECRET);
  expect(viewer.isCurrent()).toBe(false);
  const anew = await show([`Bearer ${token}`]);
  expect(wordOf(anew)).toBe('admitted');
  expect(anew).not.toBe(viewer);
  replace('x'.repeat(32));
  expect(await admit(token)).toBe('invalid');
});

test('a token that is verified while its tenant is replaced is verified by the keys of the new one', async () => {
  const { tenants, replace } = listOfOne();
  const { admit } = startAdmission({ tenants });
  const token = sign({ tenant: 'acme' });
  const admitting = admit(token);
  replace('x'.repeat(32));
  expect(await admitting).toBe('invalid');
  expect(await admit(token)).toBe('invalid');
});

test('a token is one, however its header is spelt', async () => {
  const { show } = startAdmission();
  const token = sign();
  const headers = ['Bearer ', 'bearer ', 'BEARER\t', 'Bearer    '].map((scheme) => [`${scheme}${token}`]);
  const outcomes = await Promise.all(headers.map((header) => show(header)));
  expect(new Set(outcomes.map(wordOf))).toEqual(new Set(['admitted']));
  for (const header of headers) expect(show(header)).toBe(outcomes[0]);
  expect(verified).toHaveBeenCalledOnce();
});

test('characters that a decoder passes over make a token no second one', async () => {
  const { admit } = startAdmission();
  const token = sign();
  for (const text of [`${token}=`, `${token}==`, `${token}!`, token.replace('.', '=.'), `${token}\u00a0`]) {
    expect(await admit(text), text).toBe('invalid');
  }
  expect(verified).not.toHaveBeenCalled();
});

test.each(['HS256', 'ES256', 'RS256', 'EdDSA'] as const)(
  'a token signed by %s has one text: bits that a decoder leaves unread make no second one',
  async (alg) => {
    const key = alg === 'HS256' ? undefined : await createSigningKey('one', alg);
    const authority = key === undefined ? {} : { authority: { jwksUrl: (await startKeyServer([key.jwk])).url } };
    const { admit } = startAdmission(authority);
    const token = key === undefined ? sign() : signWith(key);
    const signature = token.slice(token.lastIndexOf('.') + 1);
    const same = ALPHABET.map((last) => token.slice(0, -1) + last).filter((text) =>
      Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url').equals(Buffer.from(signature, 'base64url')),
    );
    expect(same.length).toBeGreaterThanOrEqual(4);
    for (const text of same) expect(await admit(text), text).toBe(text === token ? 'admitted' : 'invalid');
    expect(verified).toHaveBeenCalledOnce();
  },
);

test('a token that expires while its keys are fetched has expired, and is not taken for a forged one', async () => {
  let at = Date.now();
  const key = await createSigningKey('one');
  const server = await startKeyServer([key.jwk]);
  const held = Promise.withResolvers<void>();
  server.answer(async (response) => {
    await held.promise;
    response.end(JSON.stringify({ keys: [key.jwk] }));
  });
  const { admit } = startAdmission({ authority: { jwksUrl: server.url }, now: () => at });
  const admitting = admit(signWith(key, {}, { expiresInSeconds: 60 }));
  at += 91_000;
  held.resolve();
  expect(await admitting).toBe('expired');
});

test('a fault of our own while a token is verified refuses no token', async () => {
  const { show } = startAdmission();
  verified.mockRejectedValueOnce(new TypeError('a fault'));
  const header = [`Bearer ${sign()}`];
  await expect(Promise.resolve(show(header))).rejects.toThrow('a fault');
  expect(wordOf(await show(header))).toBe('admitted');
});

test('what is wrong at first sight is not verified', async () => {
  const { admit } = startAdmission();
  for (const claims of [{ aud: 'else' }, { exp: 1 }, { exp: undefined }, { sub: '' }]) await admit(sign(claims));
  await admit('a.b.c');
  expect(verified).not.toHaveBeenCalled();
});

test('an address that sends too many is told to wait, and a good token of it still passes', async () => {
  const { show, admit } = startAdmission({ failures: createRate(3, 60_000) });
  for (let n = 0; n < 3; n++) expect(await admit('rubbish', '192.0.2.7')).toBe('invalid');
  const refused = await show(['Bearer rubbish'], '192.0.2.7');
  expect('reason' in refused && [refused.reason, refused.problem.retryAfterSeconds]).toEqual(['limited', 20]);
  expect(await admit(sign(), '192.0.2.7')).toBe('admitted');
  expect(await admit('rubbish', '192.0.2.8')).toBe('invalid');
  // What has expired is no attempt.
  for (let n = 0; n < 5; n++) expect(await admit(sign({ exp: 1 }), '192.0.2.7')).toBe('expired');
});
