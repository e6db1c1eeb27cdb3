// A quota as settings take it, such as `45/1s,450/60s`.

import { z } from 'zod';
import { parseQuota, type QuotaWindow } from './quota-window.ts';

/** At least one window, as it is parsed. */
type Windows = readonly [QuotaWindow, ...QuotaWindow[]];

/** @param most How many windows it may have. */
export function quotaSetting(defaults: readonly QuotaWindow[], most = Number.POSITIVE_INFINITY) {
  return z
    .string()
    .transform((text, context): Windows => {
      const [first, ...others] = parseQuota(text) ?? [];
      if (first !== undefined && others.length < most) return [first, ...others];
      context.addIssue(`must be calls and seconds such as 270/60s${most === 1 ? '' : ', several separated by commas'}`);
      return z.NEVER;
    })
    .prefault(defaults.map(({ limit, windowMs }) => `${limit}/${windowMs / 1_000}s`).join(','));
}
