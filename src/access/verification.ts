// A token → its viewer, or why there is none: what it says, whose tenant it is for, and whether a key of theirs has signed
// it. Nothing is remembered here.

import type { InvitationType } from '../invitation/kinds.ts';
import { AuthUnavailable, Forbidden } from '../invitation/problem.ts';
import type { Named } from '../invitation/ref.ts';
import type { Authority } from './authority.ts';
import { grantsOf } from './grants.ts';
import { EXPIRED, invalid, type Refusal, refusal, UNAVAILABLE, WRONG_TENANT } from './refusal.ts';
import { type Claims, faultOf, readClaims, signerOf } from './token.ts';
import type { TenantOfTokens, Viewer } from './viewer.ts';

export interface VerificationOptions {
  /** Undefined where every tenant has one of its own. */
  readonly authority: Authority | undefined;
  /** By name; undefined where there is no file of tenants. */
  readonly tenants: { named(name: string): TenantOfTokens | undefined } | undefined;
  /** The claim that holds the grants. */
  readonly claim: string;
  /** A tenant's `defaultsOf`, where there is no file of tenants. */
  readonly defaultsOf: (type: InvitationType) => Named | undefined;
}

/** At once where a look at the token is enough to refuse it. */
export type Verify = (token: string) => Refusal | Promise<Viewer | Refusal>;

/** @param now Milliseconds since 1970. */
export function createVerification(
  { authority, tenants, claim, defaultsOf }: VerificationOptions,
  now: () => number,
): Verify {
  function verify(token: string): Refusal | Promise<Viewer | Refusal> {
    const claims = readClaims(token);
    if (claims === undefined) return invalid('form');
    const tenant = typeof claims.tenant === 'string' ? tenants?.named(claims.tenant) : undefined;
    const theirs = tenant?.authority ?? authority;
    if (theirs === undefined) return invalid('tenant');
    return refusalOf(claims, theirs, now()) ?? confirm(token, claims, tenant, theirs);
  }

  async function confirm(
    token: string,
    claims: Claims,
    tenant: TenantOfTokens | undefined,
    theirs: Authority,
  ): Promise<Viewer | Refusal> {
    try {
      const signer = await signerOf(token, claims, theirs);
      if (typeof signer === 'string') return invalid(signer);
      const isCurrent = () => (tenant === undefined || tenant.isServed) && theirs.holds(signer);
      // Keys and tenants may have been replaced meanwhile, and the token may have expired.
      return isCurrent()
        ? (refusalOf(claims, theirs, now()) ?? viewerOf(claims, tenant, isCurrent))
        : await verify(token);
    } catch (error) {
      if (error instanceof AuthUnavailable) return UNAVAILABLE;
      if (error instanceof Forbidden) return refusal('forbidden', error);
      // A fault of the gateway's own is none of the token's: its page would log its user out.
      throw error;
    }
  }

  function viewerOf(
    { subject, scope, expiresAt, tenant: named, all }: Claims,
    tenant: TenantOfTokens | undefined,
    isCurrent: () => boolean,
  ): Viewer | Refusal {
    const isRight = tenants === undefined ? named === undefined : tenant !== undefined;
    if (!isRight) return WRONG_TENANT;
    const given = Object.hasOwn(all, claim) ? all[claim] : undefined;
    if (given === undefined)
      throw new Forbidden(`The token has no claim \`${claim}\`: it says which invitations are granted.`);
    const mayExplore = given === '*' || (typeof scope === 'string' && scope.split(' ').includes('explore'));
    return {
      id: JSON.stringify([tenant === undefined ? null : named, subject]),
      tenant: tenant ?? null,
      grants: grantsOf(given, (type) => (tenant === undefined ? defaultsOf(type) : tenant.defaultsOf(type))),
      mayExplore,
      mayRunAnyDocument: mayExplore,
      expiresAt,
      isCurrent,
    };
  }

  return verify;
}

function refusalOf(claims: Claims, authority: Authority, at: number): Refusal | undefined {
  const fault = faultOf(claims, authority, at);
  return fault && (fault === 'expired' ? EXPIRED : invalid(fault));
}
