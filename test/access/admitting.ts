// The admission alone, with what it answers in words that tests compare.

import { onTestFinished } from 'vitest';
import { type AdmissionOptions, createAdmission } from '../../src/access/admission.ts';
import { type AuthoritySettings, createAuthority } from '../../src/access/authority.ts';
import type { Refusal } from '../../src/access/refusal.ts';
import type { Viewer } from '../../src/access/viewer.ts';
import { Secret } from '../../src/upstream/secret.ts';
import { AUDIENCE, SECRET } from './tokens.ts';

export interface AdmittingOptions extends Partial<Omit<AdmissionOptions, 'authority'>> {
  readonly authority?: Partial<AuthoritySettings>;
}

export function startAdmission({
  authority: set = { secrets: [new Secret(SECRET)] },
  ...options
}: AdmittingOptions = {}) {
  const troubles: boolean[] = [];
  const authority = createAuthority(
    { issuers: undefined, audience: AUDIENCE, jwksUrl: undefined, jwksStaleMs: 86_400_000, secrets: [], ...set },
    { proxy: undefined, onGone: () => undefined, onTrouble: (isDown) => void troubles.push(isDown) },
  );
  const admission = createAdmission({
    authority,
    tenants: undefined,
    claim: 'invitations',
    defaultsOf: () => undefined,
    ...options,
  });
  onTestFinished(() => admission.stop());
  const show = (headers: readonly string[] | undefined, address = '192.0.2.1') => admission.admit(headers, address);
  return {
    admission,
    troubles,
    show,
    /** The reason of a refusal, or `admitted`. */
    admit: async (token: string, address?: string) => wordOf(await show([`Bearer ${token}`], address)),
  };
}

export function wordOf(outcome: Viewer | Refusal): Refusal['reason'] | 'admitted' {
  return 'reason' in outcome ? outcome.reason : 'admitted';
}
