// Who asks: what they may see, and under which name what they take is counted. Made once for each token, and for each
// request of a gateway that asks for no tokens.

import { EVERYTHING, type Grants } from './grants.ts';
import type { TenantOfTokens } from './verification.ts';

export interface Viewer {
  /** Names the viewer where limits and quotas are counted: tenant and subject, or the address of one without a token. */
  readonly id: string;
  /** Whose accounts are used; null where there is no file of tenants. */
  readonly tenant: TenantOfTokens | null;
  readonly grants: Grants;
  /** Whether the viewer may introspect, and ask for `providers`. */
  readonly mayExplore: boolean;
  /** Whether the viewer may run documents beside the trusted ones. */
  readonly mayRunAnyDocument: boolean;
  /** When the token expires, in milliseconds since 1970; Infinity where there is none. */
  readonly expiresAt: number;
  /** Whether the key that signed the token is still one of those that are accepted, and its tenant is as it was. */
  isCurrent(): boolean;
}

/** A viewer of a gateway that asks for no tokens: sees everything, and runs what everybody runs. */
export function openViewer(address: string): Viewer {
  return {
    id: address,
    tenant: null,
    grants: EVERYTHING,
    mayExplore: true,
    mayRunAnyDocument: false,
    expiresAt: Number.POSITIVE_INFINITY,
    isCurrent: always,
  };
}

function always(): boolean {
  return true;
}
