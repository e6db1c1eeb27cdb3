// Whether callers need tokens, and how these are checked.

import type { z } from 'zod';
import type { AuthoritySettings } from '../access/authority.ts';
import type { Variables } from './variables.ts';

export interface AccessSettings extends AuthoritySettings {
  /** The claim that says what is granted. */
  readonly claim: string;
}

/** @returns undefined where none is asked for: where it is off, and where nothing is set that tokens could be checked with. */
export function accessOf(set: z.output<typeof Variables>): AccessSettings | undefined {
  const { AUTH_JWKS_URL: jwksUrl, AUTH_JWT_SECRET: secrets = [] } = set;
  if (set.AUTH === 'off' || (jwksUrl === undefined && secrets.length === 0)) return undefined;
  return {
    issuers: set.AUTH_ISSUER,
    audience: set.AUTH_AUDIENCE,
    claim: set.AUTH_CLAIM,
    jwksUrl,
    jwksStaleMs: set.AUTH_JWKS_STALE_SECONDS,
    secrets,
  };
}
