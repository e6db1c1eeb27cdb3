// Which tokens are genuine, and what is said of the others.

import { createServer } from 'node:http';
import { exportJWK, exportSPKI } from 'jose';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Secret } from '../../src/upstream/secret.ts';
import { startAdmission, wordOf } from './admitting.ts';
import { startKeyServer } from './key-server.ts';
import { AUDIENCE, createSigningKey, forge, SECRET, sign, signWith } from './tokens.ts';

const now = () => Math.floor(Date.now() / 1_000);

const claims = (more: object = {}) => ({ sub: 'a', aud: AUDIENCE, exp: now() + 60, invitations: '*', ...more });

describe('a token signed with the secret', () => {
  test.each([
    ['as it should be', {}, 'admitted'],
    ['without exp', { exp: undefined }, 'invalid'],
    ['with exp as a text', { exp: '1' }, 'invalid'],
    ['with exp beyond all times', { exp: 1e308 }, 'invalid'],
    ['with exp in the year 9999', { exp: 253_402_300_799 }, 'invalid'],
    ['with exp over a day ahead', { exp: now() + 86_500 }, 'invalid'],
    ['not valid for ten minutes', { nbf: now() + 600 }, 'invalid'],
    ['made ten minutes ahead', { iat: now() + 600 }, 'invalid'],
    ['made ten seconds ahead, within the tolerance', { iat: now() + 10 }, 'admitted'],
    ['valid since 1970, as some identity providers write', { nbf: 0, iat: 0 }, 'admitted'],
    ['for several audiences', { aud: ['else', AUDIENCE] }, 'admitted'],
    ['for another audience', { aud: 'else' }, 'invalid'],
    ['for no audience', { aud: undefined }, 'invalid'],
    ['of no subject', { sub: undefined }, 'invalid'],
    ['of an empty subject', { sub: '' }, 'invalid'],
    ['of a subject of 257 characters', { sub: 'x'.repeat(257) }, 'invalid'],
    ['of a subject with half a character', { sub: 'a\ud800' }, 'invalid'],
    ['without the claim', { invitations: undefined }, 'forbidden'],
    ['with a tenant where there are none', { tenant: 'acme' }, 'forbidden'],
    ['with a tenant called __proto__', { tenant: '__proto__' }, 'forbidden'],
  ])('%s: %j is %s', async (_, more, word) => {
    expect(await startAdmission().admit(sign(more))).toBe(word);
  });

  test.each([
    ['expired 29 seconds ago', { exp: -29 }, 'admitted'],
    ['expired 31 seconds ago', { exp: -31 }, 'expired'],
    ['is valid in 29 seconds', { nbf: 29 }, 'admitted'],
    ['is valid in 31 seconds', { nbf: 31 }, 'invalid'],
    ['is made in 29 seconds', { iat: 29 }, 'admitted'],
    ['is made in 31 seconds', { iat: 31 }, 'invalid'],
  ] as const)('that %s: %j is %s, because clocks differ by 30', async (_, given, word) => {
    // Time stands still, for jose too: a second that passes meanwhile would turn the answer.
    vi.useFakeTimers({ toFake: ['Date'], now: now() * 1_000 });
    onTestFinished(() => void vi.useRealTimers());
    const at = Object.fromEntries(Object.entries(given).map(([name, seconds]) => [name, now() + seconds]));
    expect(await startAdmission().admit(sign(at))).toBe(word);
  });

  test('is genuine by each of several secrets, and by no other', async () => {
    const { admit } = startAdmission({ authority: { secrets: [new Secret('x'.repeat(32)), new Secret(SECRET)] } });
    expect(await admit(sign())).toBe('admitted');
    expect(await admit(sign({}, { key: 'y'.repeat(32) }))).toBe('invalid');
  });

  test('has an issuer among those that are set', async () => {
    const { admit } = startAdmission({
      authority: { secrets: [new Secret(SECRET)], issuers: ['https://a.example', 'https://b.example'] },
    });
    expect(await admit(sign({ iss: 'https://b.example' }))).toBe('admitted');
    expect(await admit(sign({ iss: 'https://b.example/' }))).toBe('invalid');
    expect(await admit(sign())).toBe('invalid');
  });

  test('of which one character of the signature is another is invalid', async () => {
    const token = sign();
    for (const at of [token.length - 2, token.length - 1]) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(await startAdmission().admit(token.slice(0, at) + other + token.slice(at + 1))).toBe('invalid');
    }
  });
});

describe('a forged token', () => {
  test('with any other header is invalid', async () => {
    const { admit } = startAdmission();
    const headers = [
      { alg: 'none' },
      { alg: 'HS512' },
      { alg: 'RS256' },
      { alg: 'HS256', crit: ['unknown'], unknown: 1 },
      { alg: 'hs256' },
      { alg: ['HS256'] },
      {},
    ];
    for (const header of headers) expect(await admit(forge(header, claims())), JSON.stringify(header)).toBe('invalid');
  });

  test.each(['[]', '"a"', 'null', '{', '{"sub":'])('whose payload is %s is invalid', async (payload) => {
    expect(await startAdmission().admit(forge({ alg: 'HS256' }, payload))).toBe('invalid');
  });

  test('that says one thing twice is what it says last, to the check and to what follows', async () => {
    const { show } = startAdmission();
    const text = JSON.stringify(claims()).replace('{', '{"sub":"admin",');
    const viewer = await show([`Bearer ${forge({ alg: 'HS256' }, text)}`]);
    expect('id' in viewer && viewer.id).toBe('[null,"a"]');
  });

  test('with an inherited claim is not taken', async () => {
    const payload = `{"__proto__":{"invitations":"*"},${JSON.stringify(claims({ invitations: undefined })).slice(1)}`;
    expect(await startAdmission().admit(forge({ alg: 'HS256' }, payload))).toBe('forbidden');
  });

  test('that is signed with the public key as a secret is invalid', async () => {
    const key = await createSigningKey('one', 'RS256');
    const { url } = await startKeyServer([key.jwk]);
    const pem = await exportSPKI(key.publicKey);
    const withBoth = startAdmission({ authority: { jwksUrl: url, secrets: [new Secret(SECRET)] } });
    const withKeys = startAdmission({ authority: { jwksUrl: url } });
    for (const { admit } of [withBoth, withKeys]) {
      expect(await admit(signWith(key))).toBe('admitted');
      for (const secret of [pem, pem.trim(), JSON.stringify(await exportJWK(key.publicKey)), '']) {
        expect(await admit(forge({ alg: 'HS256', kid: 'one' }, claims(), secret))).toBe('invalid');
      }
    }
  });

  test('that is signed with a secret in the public set is invalid', async () => {
    const k = Buffer.from(SECRET).toString('base64url');
    const { url } = await startKeyServer([
      { kty: 'oct', kid: 'oct', k, alg: 'HS256' },
      (await createSigningKey('one')).jwk,
    ]);
    const { admit } = startAdmission({ authority: { jwksUrl: url } });
    expect(await admit(sign({}, { header: { kid: 'oct' } }))).toBe('invalid');
  });

  test("that names another key than the one it is signed with, or another algorithm than the key's, is invalid", async () => {
    const [one, two] = await Promise.all([createSigningKey('one'), createSigningKey('two', 'RS256')]);
    const { url } = await startKeyServer([one.jwk, { ...two.jwk, alg: 'RS256' }]);
    const { admit } = startAdmission({ authority: { jwksUrl: url } });
    expect(await admit(signWith(two))).toBe('admitted');
    expect(await admit(signWith(one, {}, { header: { kid: 'two' } }))).toBe('invalid');
    for (const alg of ['PS256', 'RS512']) {
      expect(await admit(signWith(two, {}, { header: { alg } })), alg).toBe('invalid');
    }
  });

  test('makes nobody fetch a key that it names itself', async () => {
    const asked = vi.fn();
    const server = createServer(asked).listen(0, '127.0.0.1');
    const port = await new Promise<number>((resolve) => {
      server.once('listening', () => resolve((server.address() as { port: number }).port));
    });
    const key = await createSigningKey('one');
    const { url } = await startKeyServer([(await createSigningKey('other')).jwk]);
    const { admit } = startAdmission({ authority: { jwksUrl: url } });
    const evil = `http://127.0.0.1:${port}/keys`;
    for (const header of [{ jku: evil }, { x5u: evil }, { jwk: key.jwk }, { kid: evil }]) {
      expect(await admit(signWith(key, {}, { header }))).toBe('invalid');
    }
    expect(asked).not.toHaveBeenCalled();
    server.close();
  });
});

test('the family of the algorithm decides where the key is looked for', async () => {
  const key = await createSigningKey('one', 'RS256');
  const { url } = await startKeyServer([key.jwk]);
  expect(await startAdmission().admit(signWith(key))).toBe('invalid');
  expect(await startAdmission({ authority: { jwksUrl: url } }).admit(sign())).toBe('invalid');
});

describe('an Authorization header', () => {
  test.each([
    ['none', undefined, 'missing'],
    ['an empty one', [''], 'missing'],
    ['a bare Bearer', ['Bearer'], 'missing'],
    ['Bearer and blanks', ['Bearer   '], 'missing'],
    ['Basic', ['Basic YTpi'], 'invalid'],
    ['rubbish', ['Bearer a.b'], 'invalid'],
  ])('%s is refused: %j', async (_, headers, word) => {
    expect(wordOf(await startAdmission().show(headers))).toBe(word);
  });

  test('is taken in any case, with blanks or a tab, and only once', async () => {
    const token = sign();
    const { show } = startAdmission();
    for (const header of [`bearer ${token}`, `BEARER  ${token}`, `Bearer\t${token}`]) {
      expect(wordOf(await show([header]))).toBe('admitted');
    }
    expect(wordOf(await show([`Bearer${token}`]))).toBe('invalid');
    expect(wordOf(await show([`Bearer ${token}`, `Bearer ${token}`]))).toBe('invalid');
  });

  test('of over 8,000 bytes is refused, and says what to do', async () => {
    const { show, admit } = startAdmission();
    const sized = async (bytes: number) => {
      const pad = (length: number) => sign({ sub: 'a', pad: 'x'.repeat(length) });
      const token = await pad(Math.floor(((bytes - (await pad(0)).length) * 3) / 4));
      expect(token).toHaveLength(bytes);
      return token;
    };
    expect(await admit(await sized(8_000))).toBe('admitted');
    expect(await admit(await sized(8_001))).toBe('forbidden');
    const refused = await show([`Bearer ${'x'.repeat(8_001)}`]);
    expect('reason' in refused && [refused.reason, refused.problem.message]).toEqual([
      'forbidden',
      'A token has at most 8000 bytes: grant fewer invitations, or use a prefix.',
    ]);
  });
});

describe('a viewer', () => {
  test('is named by its subject, and may explore with "*" or the scope', async () => {
    const { show } = startAdmission();
    const viewerOf = async (more: Readonly<Record<string, unknown>>) => {
      const viewer = await show([`Bearer ${sign(more)}`]);
      return 'id' in viewer ? [viewer.id, viewer.mayExplore, viewer.mayRunAnyDocument] : viewer.reason;
    };
    expect(await viewerOf({})).toEqual(['[null,"user-17"]', true, true]);
    expect(await viewerOf({ invitations: { review: ['a'] } })).toEqual(['[null,"user-17"]', false, false]);
    expect(await viewerOf({ invitations: { review: ['a'] }, scope: 'openid explore' })).toEqual([
      '[null,"user-17"]',
      true,
      true,
    ]);
  });

  test('expires when its token does, without tolerance', async () => {
    const viewer = await startAdmission().show([`Bearer ${sign({ exp: 4_000_000_000 - 1 })}`]);
    expect(wordOf(viewer)).toBe('invalid');
    const exp = now() + 100;
    const good = await startAdmission().show([`Bearer ${sign({ exp })}`]);
    expect('expiresAt' in good && good.expiresAt).toBe(exp * 1_000);
  });

  test('has its grants in the claim that is set', async () => {
    const { admit } = startAdmission({ claim: 'https://app.example/invitations' });
    expect(await admit(sign())).toBe('forbidden');
    expect(await admit(sign({ 'https://app.example/invitations': '*' }))).toBe('admitted');
  });

  test.each(['__proto__', 'constructor'])('has none where the claim that is set is inherited: %s', async (claim) => {
    expect(await startAdmission({ claim }).admit(sign())).toBe('forbidden');
  });
});
