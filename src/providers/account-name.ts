// The name that an account has among processes, as a setting takes it. It stays the same while a secret is rotated.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ProviderName } from '../invitation/provider.ts';
import type { Secret } from '../upstream/secret.ts';

export const accountName = z
  .string()
  .refine((text) => /^[\w.-]{1,64}$/.test(text), 'must be 1 to 64 letters, digits, dots, hyphens and underscores');

/**
 * Names an account where processes share something.
 * @param name The setting's; without it, a digest of the credential and of where it is used: never the credential.
 */
export function accountId(
  provider: ProviderName,
  name: string | undefined,
  credential: Secret,
  origin: string,
): string {
  if (name !== undefined) return `${provider.toLowerCase()}.${name}`;
  return createHash('sha256').update(`${provider} ${origin} ${credential.reveal()}`).digest('base64url').slice(0, 16);
}
