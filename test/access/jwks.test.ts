// Which keys of an identity provider's set are taken, and which of them a token is tried with.

import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { startKeyServer } from './key-server.ts';
import { admissionOf, edwards, keySet, one, two } from './key-set.ts';
import { createSigningKey, signWith } from './tokens.ts';

test.each([one, two, edwards])('a token is genuine by the key that it names: $header.alg', async (key) => {
  const { admit } = admissionOf(await startKeyServer([one.jwk, two.jwk, edwards.jwk]));
  expect(await admit(signWith(key))).toBe('admitted');
  expect(await admit(signWith(key, {}, { header: { kid: 'else' } }))).toBe('invalid');
});

test('a token that names no key is tried with all of its family', async () => {
  const other = await createSigningKey('other');
  const { admit } = admissionOf(await startKeyServer([other.jwk, one.jwk]));
  const { header, ...unnamed } = one;
  expect(await admit(signWith({ ...unnamed, header: { alg: header.alg } }))).toBe('admitted');
});

test('keys that are secret, private, for encryption or broken are left out', async () => {
  const oct = { kty: 'oct', kid: 'oct', k: 'c2VjcmV0', alg: 'HS256' };
  const broken = { ...one.jwk, kid: 'broken', x: '!' };
  const encrypting = { ...one.jwk, kid: 'enc', use: 'enc' };
  const others = { ...two.jwk, kid: 'pinned', alg: 'RS512' };
  const server = await startKeyServer([oct, broken, encrypting, others, one.jwk]);
  const { count } = keySet(server);
  expect(await count('ES256')).toBe(1);
  expect(await count('RS256', 'pinned')).toBe(0);
  expect(await count('RS512', 'pinned')).toBe(1);
});

test('a key that stands there twice is one, and stays', async () => {
  const { use: _, ...ofAnyUse } = one.jwk;
  const server = await startKeyServer([one.jwk, ofAnyUse]);
  const { set, pass, count, changes } = keySet(server);
  const [first] = await set.find('ES256', 'one');
  pass(20_000);
  await count('ES256', 'else');
  expect(server.asked()).toBe(2);
  expect(changes).not.toHaveBeenCalled();
  expect(first && set.has(first)).toBe(true);
});

test('a token that names no key is tried with twenty of them at most', async () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const jwk = { ...publicKey.export({ format: 'jwk' }), kty: 'OKP' };
  const keys = Array.from({ length: 50 }, (_, n) => ({ ...jwk, kid: `key-${n}` }));
  const { count } = keySet(await startKeyServer(keys));
  expect(await count('EdDSA')).toBe(20);
  expect(await count('EdDSA', 'key-49')).toBe(1);
});

test('an RSA key that is too short to be safe is left out', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
  const { count } = keySet(await startKeyServer([{ ...publicKey.export({ format: 'jwk' }), kid: 'short' }, two.jwk]));
  expect(await count('RS256', 'short')).toBe(0);
  expect(await count('RS256')).toBe(1);
});
