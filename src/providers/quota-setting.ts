// A quota as settings take it, such as `45/1s,450/60s`.

import { z } from 'zod';
import { parseQuota, type QuotaWindow } from '../upstream/quota-window.ts';

export function quotaSetting(defaults: readonly QuotaWindow[]) {
  return z
    .string()
    .transform((text) => parseQuota(text))
    .refine(
      (windows) => windows !== undefined,
      'must be calls and seconds such as 270/60s, several separated by commas',
    )
    .prefault(defaults.map(({ limit, windowMs }) => `${limit}/${windowMs / 1_000}s`).join(','));
}
