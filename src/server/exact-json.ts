// JSON whose numbers are what was sent. A number that is too long is rounded as it is read, and an id that is sent as a
// number would be another one: such a number becomes NaN here, which fits no type.

// A number of up to fifteen digits without a power of ten is exact, but for -0. Where the text of a JSON string looks like
// a longer one, the numbers are looked at for nothing.
const MAY_BE_ROUNDED = /(?:^|[[:,\s])(?:-0|-?(?:[\d.]{16}|[\d.]+e))/i;

/** Parses JSON. @throws SyntaxError */
export function parseExactly(text: string): unknown {
  // Looking at every number costs far more than reading it.
  return MAY_BE_ROUNDED.test(text) ? JSON.parse(text, exactNumber) : JSON.parse(text);
}

/** For JSON.parse. */
export function exactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return digitsOf(context.source) === digitsOf(String(value)) ? value : Number.NaN;
}

/** A number in one form, however it was written: its digits, and the power of ten that they are multiplied with. */
function digitsOf(source: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.slice(0, endOf(digits));
  if (significant === '') return `${sign}0`;
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** Where the zeros at the end begin. An expression for them would begin to look at each zero of a long number anew. */
function endOf(digits: string): number {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return end;
}
