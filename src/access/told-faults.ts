// Tells the operator why tokens are not accepted: a caller is told no more than that its token is not, and whoever sets a
// gateway up would otherwise look for the one setting that is wrong. Each fault is told the first time, and then how often
// it was found, once a minute at most. Nothing of a token is told, neither its text nor what it claims.

import type { Logger } from '../telemetry/log.ts';
import type { TokenFault } from './refusal.ts';

/** How soon the same fault is told again, in milliseconds. */
const AGAIN_MS = 60_000;

/** @param now Milliseconds of a clock that never goes back. @returns what takes each fault that is found. */
export function createToldFaults(log: Logger, now: () => number): (fault: TokenFault) => void {
  const found = new Map<TokenFault, { toldAt: number; times: number }>();
  return (fault) => {
    const tally = found.get(fault) ?? { toldAt: Number.NEGATIVE_INFINITY, times: 0 };
    found.set(fault, tally);
    tally.times += 1;
    if (now() - tally.toldAt < AGAIN_MS) return;
    log.warn({ fault, times: tally.times }, `a token is not accepted: ${ADVICE[fault]}`);
    tally.toldAt = now();
    tally.times = 0;
  };
}

const ADVICE: Readonly<Record<TokenFault, string>> = {
  form: 'it is no JWT with the claims `sub`, `aud` and `exp`; send one, and nothing else, after `Bearer`',
  tenant:
    'no key can sign for it; let its claim `tenant` name one of TENANTS_FILE with `auth`, or set AUTH_JWKS_URL or AUTH_JWT_SECRET',
  audience:
    'its `aud` is another one; let its signer name AUTH_AUDIENCE (`auth.audience` of its tenant), or change that',
  issuer: 'its `iss` is none that is expected; compare it with AUTH_ISSUER (`auth.issuer` of its tenant)',
  early: 'its `iat` or `nbf` lies ahead; set the clocks of its signer and of this machine',
  long: 'its `exp` is more than a day ahead; let its signer choose an earlier one',
  algorithm:
    'nothing is set that checks its `alg`; set AUTH_JWT_SECRET for HS256, and AUTH_JWKS_URL for keys that are published',
  key: 'no published key has its `kid` and fits its `alg`; compare AUTH_JWKS_URL with where its signer publishes',
  signature: 'its signature is by another key; let its signer use the same AUTH_JWT_SECRET, or a key of AUTH_JWKS_URL',
};
