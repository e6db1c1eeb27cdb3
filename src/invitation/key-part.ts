// The parts that natural keys are made of, and what texts they take. What a caller sends, and what a provider gives as an
// address or notifies us of, is checked by them before it can become a ref.

/** One part of a natural key: a text, or null where it may be left out. */
export interface KeyPart<T extends string | null> {
  /** The default where neither the caller nor the account names it; undefined where a caller must name it. */
  readonly fallback: T | undefined;
  /** Whether a global id may hold it. */
  isValue(value: unknown): value is T;
  /** What is wrong with a caller's value, to be read after the part's name; null where nothing is. */
  faultOf(value: unknown): string | null;
}

/** Longest id or address that is taken, in UTF-16 code units: far beyond any that a provider hands out. */
const MAX_KEY_LENGTH = 512;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/;

/** An id that a provider or an application gave. */
export const idPart: KeyPart<string> = {
  fallback: undefined,
  isValue: (value): value is string => faultOfText(value) === null,
  faultOf: faultOfText,
};

/** An e-mail address, or null where none is named. */
export const addressPart: KeyPart<string | null> = {
  fallback: null,
  // What a provider gives as an address is part of a global id, and is taken back as it is.
  isValue: (value): value is string | null => value === null || faultOfText(value) === null,
  faultOf: (value) => (value === null ? null : (faultOfText(value) ?? faultOfAddress(String(value)))),
};

/** One of a few codes. */
export function codePart<T extends string>(codes: readonly T[], fallback: T): KeyPart<T> {
  const isCode = (value: unknown): value is T => codes.some((code) => code === value);
  return {
    fallback,
    isValue: isCode,
    faultOf: (value) => (isCode(value) ? null : `is none of ${codes.join(', ')}: give one of these.`),
  };
}

function faultOfText(value: unknown): string | null {
  const fault = typeof value === 'string' ? faultIn(value) : 'is no text';
  return fault && `${fault}: give 1 to ${MAX_KEY_LENGTH} characters, none of them a control character.`;
}

function faultIn(text: string): string | null {
  if (text === '') return 'is empty';
  if (text.length > MAX_KEY_LENGTH) return 'is too long';
  return CONTROL_CHARACTERS.test(text) || !text.isWellFormed() ? 'has characters that no id has' : null;
}

function faultOfAddress(text: string): string | null {
  return /[^@]@[^@]/.test(text) ? null : 'is no e-mail address: give one such as guest@example.com, whole.';
}
