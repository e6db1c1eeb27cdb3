// What an answer may weigh, and what each field adds to that beside the text in it.

/** Most bytes that one operation gives. */
export const MAX_WEIGHT = 4 * 1024 * 1024;

/** About what a short value and the signs around it and its key are in JSON, in bytes. */
const BYTES_PER_FIELD = 32;

/** A key is as long as its caller makes it; names are of single bytes. */
export function weightOfField({ alias, name }: FieldName): number {
  return BYTES_PER_FIELD + (alias ?? name).value.length;
}

interface FieldName {
  readonly alias?: { readonly value: string } | undefined;
  readonly name: { readonly value: string };
}
