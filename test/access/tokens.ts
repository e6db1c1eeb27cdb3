// Tokens as backends and identity providers sign them, for tests and benchmarks. They are signed by node:crypto, in no time:
// what checks them is another library, and some of them no library would sign.

import { constants, createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { exportJWK, type JWK } from 'jose';

export const SECRET = 'a-secret-that-only-tests-know-0123456789';
export const AUDIENCE = 'invitation-gateway';

export type Claims = Readonly<Record<string, unknown>>;

export interface TokenOptions {
  /** A secret, or a private key; `SECRET` by default. */
  readonly key?: string | Buffer | KeyObject;
  readonly header?: Partial<TokenHeader>;
  /** From now on; may lie behind. */
  readonly expiresInSeconds?: number;
}

interface TokenHeader {
  readonly alg: string;
  readonly kid?: string;
}

/** How private keys sign. */
const SIGNATURES: Readonly<Record<string, (data: Buffer, key: KeyObject) => Buffer>> = {
  ES256: (data, key) => signBytes('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
  EdDSA: (data, key) => signBytes(null, data, key),
  RS256: (data, key) => signBytes('sha256', data, key),
  RS512: (data, key) => signBytes('sha512', data, key),
  PS256: (data, key) => signBytes('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
};

/** A token of this header and payload, whatever they are. A secret signs by HS256, whatever the header says. */
export function forge(header: object, payload: string | object, key: string | Buffer | KeyObject = SECRET): string {
  const [head, body] = [header, payload].map((part) =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url'),
  );
  const signed = `${head}.${body}`;
  return `${signed}.${signatureOf(signed, header, key).toString('base64url')}`;
}

function signatureOf(signed: string, header: object, key: string | Buffer | KeyObject): Buffer {
  if (typeof key === 'string' || Buffer.isBuffer(key)) return createHmac('sha256', key).update(signed).digest();
  const { alg } = header as TokenHeader;
  const sign = SIGNATURES[alg];
  if (sign === undefined) throw new Error(`no private key signs by ${alg}`);
  return sign(Buffer.from(signed), key);
}

/** A token that grants everything, unless the claims say otherwise; a claim that is undefined is left out. */
export function sign(claims: Claims = {}, options: TokenOptions = {}): string {
  const { key, header, expiresInSeconds = 600 } = options;
  const now = Math.floor(Date.now() / 1_000);
  const all = { sub: 'user-17', aud: AUDIENCE, iat: now, exp: now + expiresInSeconds, invitations: '*', ...claims };
  return forge({ alg: 'HS256', typ: 'JWT', ...header }, all, key);
}

export const bearer = (claims: Claims = {}, options: TokenOptions = {}) => `Bearer ${sign(claims, options)}`;

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: JWK;
  readonly header: TokenHeader;
}

export async function createSigningKey(kid: string, alg: 'ES256' | 'RS256' | 'EdDSA' = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
      : alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  return { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' }, header: { alg, kid } };
}

export function signWith(key: SigningKey, claims: Claims = {}, options: TokenOptions = {}): string {
  return sign(claims, { ...options, key: key.privateKey, header: { ...key.header, ...options.header } });
}
