// Tokens as backends and identity providers sign them, and the JWKS of such a provider over real HTTP.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { exportJWK, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';

export const SECRET = 'a-secret-of-the-backend-with-32-bytes!';
export const AUDIENCE = 'invitation-gateway';

export interface TokenOptions {
  readonly key?: KeyObject | Uint8Array;
  readonly header?: Partial<JWTHeaderParameters>;
  /** From now on; may lie behind. */
  readonly expiresInSeconds?: number;
}

/** A token that grants everything, unless the claims say otherwise; a claim that is undefined is left out. */
export function sign(claims: Readonly<Record<string, unknown>> = {}, options: TokenOptions = {}): Promise<string> {
  const { key = Buffer.from(SECRET), header = {}, expiresInSeconds = 600 } = options;
  const now = Math.floor(Date.now() / 1_000);
  const all = { sub: 'user-17', aud: AUDIENCE, iat: now, exp: now + expiresInSeconds, invitations: '*', ...claims };
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(kept).setProtectedHeader({ alg: 'HS256', ...header }).sign(key);
}

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: JWK;
  readonly header: JWTHeaderParameters;
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

export function signWith(key: SigningKey, claims: Readonly<Record<string, unknown>> = {}, options: TokenOptions = {}) {
  return sign(claims, { ...options, key: key.privateKey, header: { ...key.header, ...options.header } });
}

export interface KeyServer {
  readonly url: string;
  /** How often it was asked. */
  readonly asked: () => number;
  /** What it answers from now on. */
  give(keys: readonly JWK[]): void;
  answer(how: (response: ServerResponse) => void): void;
}

export async function startKeyServer(keys: readonly JWK[] = []): Promise<KeyServer> {
  let asked = 0;
  const giving =
    (given: readonly JWK[]) =>
    (response: ServerResponse): void => {
      response.end(JSON.stringify({ keys: given }));
    };
  let respond = giving(keys);
  const server = createServer((_, response) => {
    asked += 1;
    respond(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the key server listens on no port');
  return {
    url: `http://127.0.0.1:${address.port}/jwks`,
    asked: () => asked,
    give(given) {
      respond = giving(given);
    },
    answer(how) {
      respond = how;
    },
  };
}
