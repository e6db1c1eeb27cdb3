// The public keys of an identity provider (a JWKS, RFC 7517), of our own keeping: the last good set goes on while its source
// is down, because a page whose token is refused logs its user out. jose's own set refuses every token then.

import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { AuthUnavailable } from '../invitation/problem.ts';

export interface KeySet {
  /**
   * The keys that may have signed a token with this header; none where the set has none. At once where they are known.
   * @throws AuthUnavailable where the keys could never be had, or have not been for too long.
   */
  find(alg: string, kid: string | undefined): readonly KeyObject[] | Promise<readonly KeyObject[]>;
  /** Whether keys are there. The first question fetches them. */
  isReady(): boolean;
  stop(): void;
}

export interface KeySetOptions {
  /** @throws Error where the source gives no JSON. */
  readonly fetch: () => Promise<unknown>;
  /** For how long the last good set is used while the source is down, in milliseconds. */
  readonly staleMs: number;
  /** Told when the set has changed, or is too old to go on: what was verified by it may not be genuine any more. */
  readonly onChange: () => void;
  /** Told when the source goes down and when it is back. */
  readonly onTrouble: (isDown: boolean) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** How often the set is fetched anew, and how soon after a failure, in milliseconds. */
const REFRESH_MS = 300_000;
const RETRY_MS = 10_000;

/** A key that is not in the set may be new. So often it is looked for. */
const UNKNOWN_KEY_MS = 10_000;

const Jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

interface Key {
  readonly kid: unknown;
  readonly algs: readonly string[];
  readonly key: KeyObject;
}

export function createKeySet({
  fetch,
  staleMs,
  onChange,
  onTrouble,
  now = () => performance.now(),
}: KeySetOptions): KeySet {
  let keys: readonly Key[] = [];
  /** Of the set that tokens are verified by; empty where there is none. */
  let fingerprint = '';
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let isDown = false;
  let isStopped = false;
  let flight: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** One for everybody who waits; it never rejects. */
  function refresh(): Promise<void> {
    triedAt = now();
    flight ??= fetch()
      .then(keysOf)
      .then(
        (fetched) => {
          keys = fetched;
          fetchedAt = now();
          changeTo(fingerprintOf(fetched));
          report(false);
        },
        () => {
          if (!isReady()) changeTo('');
          report(true);
        },
      )
      .finally(() => {
        flight = undefined;
        clearTimeout(timer);
        if (!isStopped) timer = setTimeout(refresh, isDown ? RETRY_MS : REFRESH_MS).unref();
      });
    return flight;
  }

  function changeTo(next: string): void {
    const before = fingerprint;
    fingerprint = next;
    if (before !== '' && before !== next) onChange();
  }

  function report(isNowDown: boolean): void {
    if (isDown !== isNowDown) onTrouble(isNowDown);
    isDown = isNowDown;
  }

  const isReady = () => keys.length > 0 && now() - fetchedAt <= staleMs;

  function match(alg: string, kid: string | undefined): readonly KeyObject[] {
    if (!isReady()) throw new AuthUnavailable();
    return keys.filter((one) => one.algs.includes(alg) && (kid === undefined || one.kid === kid)).map(({ key }) => key);
  }

  return {
    find(alg, kid) {
      const isKnown = isReady() && match(alg, kid).length > 0;
      const mayAsk = flight !== undefined || now() - triedAt >= UNKNOWN_KEY_MS;
      if (isKnown || !mayAsk) return match(alg, kid);
      return refresh().then(() => match(alg, kid));
    },
    isReady() {
      if (triedAt === Number.NEGATIVE_INFINITY) void refresh();
      return isReady();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** @throws Error where none of them verifies signatures: an empty set would refuse everybody. */
function keysOf(document: unknown): readonly Key[] {
  const keys = Jwks.parse(document).keys.flatMap(keyOf);
  if (keys.length === 0) throw new Error('the set has no key that verifies signatures');
  return keys;
}

function keyOf(jwk: Record<string, unknown>): readonly Key[] {
  const algs = algsOf(jwk);
  if (algs.length === 0 || (jwk.use !== undefined && jwk.use !== 'sig')) return [];
  try {
    // A private key would give its public one; what is secret has no place in a public set.
    if (jwk.d !== undefined) return [];
    return [{ kid: jwk.kid, algs, key: createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' }) }];
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

/** The same in whatever order they stand: several servers behind one address may each have their own. */
function fingerprintOf(keys: readonly Key[]): string {
  return JSON.stringify(
    keys.map(({ kid, algs, key }) => JSON.stringify([kid, algs, key.export({ format: 'jwk' })])).toSorted(),
  );
}

/** Whether a token with this algorithm is signed with a key of such a set. */
export function isPublicKeyAlgorithm(alg: string): boolean {
  return OF_RSA.includes(alg) || [...OF_CURVE.values()].flat().includes(alg);
}
