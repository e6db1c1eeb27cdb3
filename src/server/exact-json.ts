// JSON whose numbers are what was sent. A number that is too long is rounded as it is read, and an id that is sent as a
// number would be another one: such a number becomes NaN here, which fits no type.

/** Parses JSON. @throws SyntaxError */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Looking at every number costs more than reading it, and most requests have none.
  return holdsNumbers(value) ? JSON.parse(text, exactNumber) : value;
}

/** For JSON.parse. */
export function exactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return digitsOf(context.source) === digitsOf(String(value)) ? value : Number.NaN;
}

function holdsNumbers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'number';
  for (const key in value) if (holdsNumbers(Reflect.get(value, key))) return true;
  return false;
}

/** A number in one form, however it was written: its digits, and the power of ten that they are multiplied with. */
function digitsOf(source: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return `${sign}0`;
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
