// Which settings are secrets: the schema of each says so itself, with this mark. The settings take a
// secret from a file too (NAME_FILE), and `--check` prints none; neither needs a list of names.

import { z } from 'zod';

const marks = z.registry<{ readonly isSecret: true }>();

/** Marks a schema as one of a secret. What is made of it is a secret too: optional, transformed, several in a list. */
export function secretSetting<S extends z.ZodType>(schema: S): S {
  marks.add(schema, { isSecret: true });
  return schema;
}

export function isSecretSetting(schema: z.core.$ZodType): boolean {
  return marks.get(schema) !== undefined || partsOf(schema).some(isSecretSetting);
}

function partsOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodPipe) return [schema.in, schema.out];
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return [schema.unwrap()];
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return [schema.unwrap()];
  return [];
}
