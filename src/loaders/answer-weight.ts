// What an answer may weigh, and what each field adds to that beside the text in it.

/** Most bytes that one operation gives. */
export const MAX_WEIGHT = 4 * 1024 * 1024;

/** About what a short key and a short value are in JSON, in bytes. */
const BYTES_PER_FIELD = 32;

/** What a key is more than that counts as it is. */
const SHORT_KEY = 20;

/** A key is as long as its caller makes it; names are of single bytes. */
export function weightOfField({ alias, name }: FieldName): number {
  return BYTES_PER_FIELD + Math.max(0, (alias ?? name).value.length - SHORT_KEY);
}

interface FieldName {
  readonly alias?: { readonly value: string } | undefined;
  readonly name: { readonly value: string };
}
