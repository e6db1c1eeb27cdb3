// Who asks: what they may see, and under which name what they take is counted. Made once for each token, and for each
// request of a gateway that asks for no tokens.

import type { InvitationType } from '../invitation/kinds.ts';
import type { Named } from '../invitation/ref.ts';
import type { Cancellation } from '../upstream/cancellation.ts';
import type { Authority } from './authority.ts';
import { EVERYTHING, type Grants } from './grants.ts';

/** One whose accounts are used. */
export interface TenantOfTokens {
  readonly name: string;
  /** False once the list was replaced and has it no more, or has another one of its name. */
  readonly isServed: boolean;
  /** Who signs for this one alone; undefined where the gateway's own authority does. */
  readonly authority: Authority | undefined;
  /** What is taken of the natural key of a kind where a caller does not name it. */
  defaultsOf(type: InvitationType): Named | undefined;
}

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

/** Whose operation it is. */
export interface Caller {
  readonly viewer: Viewer;
  /** Cancelled when the caller has gone. */
  readonly cancellation: Cancellation;
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
