// Whose signature makes a token genuine, and for whom it must have been made: the gateway's, or a tenant's own.

import { createSecretKey, KeyObject } from 'node:crypto';
import type { CryptoKey } from 'jose';
import { fetchDocument } from '../upstream/document.ts';
import type { Secret } from '../upstream/secret.ts';
import type { ProxyServer } from '../upstream/tunnel.ts';
import { isPublicKeyAlgorithm } from './jwks.ts';
import { createKeySet, type KeySet, type KeySetOptions } from './keys.ts';

export interface Authority {
  /** Any of these has issued it; undefined where that is not looked at. */
  readonly issuers: readonly string[] | undefined;
  readonly audience: string;
  readonly keys: KeySet | undefined;
  /** Of the secrets that sign with HS256; several while they are rotated. */
  secretKeys(): readonly CryptoKey[];
  /** Whether a key that has signed a token is still one of its keys. */
  holds(key: VerificationKey): boolean;
}

/** How an authority is set. */
export interface AuthoritySettings {
  readonly issuers: readonly string[] | undefined;
  readonly audience: string;
  readonly jwksUrl: string | undefined;
  readonly jwksStaleMs: number;
  readonly secrets: readonly Secret[];
}

export interface AuthorityOptions extends Pick<KeySetOptions, 'onGone' | 'onTrouble'> {
  readonly proxy: ProxyServer | undefined;
}

/** A set of keys is small: RSA keys take half a kilobyte each. */
const MAX_JWKS_BYTES = 64 * 1024;
const JWKS_TIMEOUT_MS = 3_000;

export function createAuthority(settings: AuthoritySettings, { proxy, ...listeners }: AuthorityOptions): Authority {
  const { issuers, audience, secrets, jwksUrl: url, jwksStaleMs: staleMs } = settings;
  const fetch = (from: string) =>
    fetchDocument({ url: from, timeoutMs: JWKS_TIMEOUT_MS, maxBytes: MAX_JWKS_BYTES, proxy });
  let secretKeys: readonly CryptoKey[] | undefined;
  const keys = url === undefined ? undefined : createKeySet({ ...listeners, staleMs, fetch: () => fetch(url) });
  return {
    issuers,
    audience,
    keys,
    // Not before a token comes: a thousand tenants cost next to nothing.
    secretKeys() {
      secretKeys ??= secrets.map(keyOfSecret);
      return secretKeys;
    },
    // Secrets change with the settings alone.
    holds: (key) => keys === undefined || !(key instanceof KeyObject) || keys.has(key),
  };
}

export type VerificationKey = KeyObject | CryptoKey;

/** As jose uses it: of any other form it makes one for each token, on another thread, which takes as long as the signature. */
function keyOfSecret(secret: Secret): CryptoKey {
  const key = createSecretKey(Buffer.from(secret.reveal()));
  // It is one; the types of Node and of jose differ in what else keys may be used for.
  return key.toCryptoKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['verify']) as CryptoKey;
}

/**
 * The keys that may have signed a token with this header: the family of the algorithm decides where they are looked for, so
 * that a public key is never taken for a secret. Undefined where nothing is set for that family.
 * @throws AuthUnavailable
 */
export function keysFor(
  { keys, secretKeys }: Authority,
  alg: string,
  kid: string | undefined,
): readonly VerificationKey[] | Promise<readonly VerificationKey[]> | undefined {
  if (alg === 'HS256' && secretKeys().length > 0) return secretKeys();
  return isPublicKeyAlgorithm(alg) ? keys?.find(alg, kid) : undefined;
}
