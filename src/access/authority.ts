// Whose signature makes a token genuine, and for whom it must have been made: the gateway's, or a tenant's own.

import type { KeyObject } from 'node:crypto';
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
  /** Secrets that sign with HS256; several while they are rotated. */
  readonly secrets: readonly Secret[];
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
  const keys = url === undefined ? undefined : createKeySet({ ...listeners, staleMs, fetch: () => fetch(url) });
  return {
    issuers,
    audience,
    secrets,
    keys,
    // Secrets change with the settings alone.
    holds: (key) => keys === undefined || key instanceof Uint8Array || keys.has(key),
  };
}

export type VerificationKey = KeyObject | Uint8Array;

/**
 * The keys that may have signed a token with this header: the family of the algorithm decides where they are looked for, so
 * that a public key is never taken for a secret. Undefined where nothing is set for that family.
 * @throws AuthUnavailable
 */
export function keysFor(
  { keys, secrets }: Authority,
  alg: string,
  kid: string | undefined,
): readonly VerificationKey[] | Promise<readonly VerificationKey[]> | undefined {
  if (alg === 'HS256' && secrets.length > 0) return secrets.map((secret) => Buffer.from(secret.reveal()));
  return isPublicKeyAlgorithm(alg) ? keys?.find(alg, kid) : undefined;
}
