// The secrets that a backend signs tokens with, as settings take them: several, separated by commas, while they are rotated.

import { z } from 'zod';
import { Secret } from '../upstream/secret.ts';
import { secretSetting } from '../upstream/secret-setting.ts';

/** What HS256 wants at least (RFC 7518, 3.2). */
const MIN_BYTES = 32;

const signingSecret = secretSetting(
  z
    .string()
    .transform((text) => text.trim())
    .refine((text) => Buffer.byteLength(text) >= MIN_BYTES, `must have at least ${MIN_BYTES} bytes`)
    // A public key in a secret's place would let everybody sign.
    .refine((text) => !/^-----BEGIN|^[{[]/.test(text), 'must be a shared secret, and no key in PEM or JSON')
    .transform((text) => new Secret(text)),
);

export const signingSecrets = z
  .string()
  // A key set in JSON has commas, too.
  .transform((text) => (/^\s*[{[]/.test(text) ? [text] : text.split(',')))
  .pipe(z.array(signingSecret));
