// A provider's credential, as settings take it. It becomes part of a header: what a header cannot hold would fail with
// every call, and show as a provider that is down.

import { z } from 'zod';
import { Secret } from '../upstream/secret.ts';
import { secretSetting } from '../upstream/secret-setting.ts';

/** One credential; the white space around it, which mounted files bring along, is not part of it. */
export const credential = secretSetting(
  z
    .string()
    .transform((text) => text.trim())
    .refine((text) => /^[\x21-\x7e]+$/.test(text), 'must be the credential alone: visible ASCII characters, no space')
    .transform((text) => new Secret(text)),
);

/** Several, separated by commas. */
export const credentials = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(credential));
