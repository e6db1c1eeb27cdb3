// The mark that makes a setting a secret: it holds for whatever is made of a marked schema.

import { expect, test } from 'vitest';
import { z } from 'zod';
import { isSecretSetting, secretSetting } from '../../src/upstream/secret-setting.ts';

const secret = secretSetting(z.string().transform((text) => text.trim()));

test.each<[string, z.ZodType]>([
  ['a marked schema', secret],
  ['an optional one', secret.optional()],
  ['a nullable one with a default', secret.nullable().default('x')],
  ['one with a default before it is parsed', secret.prefault('x')],
  ['one with a further check', secret.refine((text) => text !== '')],
  ['one with a further transform', secret.transform((text) => text.length)],
  [
    'several in a list',
    z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.array(secret))
      .optional(),
  ],
])('%s is a secret', (_, schema) => {
  expect(isSecretSetting(schema)).toBe(true);
});

test.each<[string, z.ZodType]>([
  ['text', z.string()],
  [
    'text with the same transform',
    z
      .string()
      .transform((text) => text.trim())
      .optional(),
  ],
  ['a list', z.array(z.string())],
])('%s is not a secret', (_, schema) => {
  expect(isSecretSetting(schema)).toBe(false);
});
