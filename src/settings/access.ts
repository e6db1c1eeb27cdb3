// Whether callers need tokens, and how these are checked.

import type { z } from 'zod';
import type { AuthoritySettings } from '../access/authority.ts';
import { Variables } from './variables.ts';

export interface AccessSettings {
  /** The claim that says what is granted. */
  readonly claim: string;
  /** Whose signature makes a token genuine; undefined where each tenant has an authority of its own. */
  readonly authority: AuthoritySettings | undefined;
}

/** The variables that say it. */
export const AccessVariables = Variables.pick({
  AUTH: true,
  AUTH_JWKS_URL: true,
  AUTH_JWT_SECRET: true,
  AUTH_ISSUER: true,
  AUTH_AUDIENCE: true,
  AUTH_CLAIM: true,
  AUTH_JWKS_STALE_SECONDS: true,
  TENANTS_FILE: true,
});

/** @returns undefined where no token is asked for: where it is off, and where nothing is set that one could be checked with. */
export function accessOf(set: z.output<typeof AccessVariables>): AccessSettings | undefined {
  const { AUTH_JWKS_URL: jwksUrl, AUTH_JWT_SECRET: secrets = [] } = set;
  const hasKeys = jwksUrl !== undefined || secrets.length > 0;
  if (set.AUTH === 'off' || (!hasKeys && set.TENANTS_FILE === undefined)) return undefined;
  const authority = {
    issuers: set.AUTH_ISSUER,
    audience: set.AUTH_AUDIENCE,
    jwksUrl,
    jwksStaleMs: set.AUTH_JWKS_STALE_SECONDS,
    secrets,
  };
  return { claim: set.AUTH_CLAIM, authority: hasKeys ? authority : undefined };
}
