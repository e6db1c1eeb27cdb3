// A key set as it is published (JWKS, RFC 7517) → the public keys in it that verify signatures. What is secret, broken, weak
// or for something else is left out.

import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import { z } from 'zod';

export interface PublicKey {
  readonly kid: unknown;
  /** The algorithms that it verifies signatures of. */
  readonly algs: readonly string[];
  readonly key: KeyObject;
  /** The same of keys that are the same. */
  readonly fingerprint: string;
}

const Jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/** Shortest RSA key, in bits (RFC 7518, 3.3): with a shorter one jose refuses to work. */
const MIN_RSA_BITS = 2_048;

/** @throws Error where none of them verifies signatures: an empty set would refuse everybody. */
export function publicKeysOf(document: unknown): readonly PublicKey[] {
  const keys = Jwks.parse(document).keys.flatMap(publicKeyOf);
  if (keys.length === 0) throw new Error('the set has no key that verifies signatures');
  return keys;
}

function publicKeyOf(jwk: Record<string, unknown>): readonly PublicKey[] {
  const algs = algsOf(jwk);
  if (algs.length === 0 || (jwk.use !== undefined && jwk.use !== 'sig')) return [];
  try {
    // A private key would give its public one; what is secret has no place in a public set.
    if (jwk.d !== undefined) return [];
    const key = createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' });
    const { modulusLength = MIN_RSA_BITS } = key.asymmetricKeyDetails ?? {};
    if (modulusLength < MIN_RSA_BITS) return [];
    const { kid } = jwk;
    return [{ kid, algs, key, fingerprint: JSON.stringify([kid, algs, key.export({ format: 'jwk' })]) }];
  } catch {
    return [];
  }
}

const OF_RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const OF_CURVE = new Map([
  ['P-256', ['ES256']],
  ['P-384', ['ES384']],
  ['P-521', ['ES512']],
  ['Ed25519', ['EdDSA', 'Ed25519']],
]);

/** The algorithms that a key is for: its own where it names one, else those of its family. A shared secret is for none. */
function algsOf({ kty, crv, alg }: Record<string, unknown>): readonly string[] {
  const family =
    kty === 'RSA' ? OF_RSA : ((kty === 'EC' || kty === 'OKP' ? OF_CURVE.get(String(crv)) : undefined) ?? []);
  return alg === undefined ? family : family.filter((each) => each === alg);
}

/** Whether a token with this algorithm is signed with a key of such a set. */
export function isPublicKeyAlgorithm(alg: string): boolean {
  return OF_RSA.includes(alg) || [...OF_CURVE.values()].flat().includes(alg);
}
