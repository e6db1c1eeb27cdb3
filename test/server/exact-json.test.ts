import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactNumber, parseExactly } from '../../src/server/exact-json.ts';

const digits = fc.stringMatching(/^(?:0|[1-9]\d{0,24})$/);
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits,
    fc.option(fc.stringMatching(/^\.\d{1,20}$/), { nil: '' }),
    fc.option(fc.stringMatching(/^[eE][+-]?\d{1,3}$/), { nil: '' }),
  )
  .map((parts) => parts.join(''));
const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/);
const place = fc.constantFrom(
  (text: string) => text,
  (text: string) => `{"a":${text}}`,
  (text: string) => `[1,${text}]`,
  (text: string) => `{"a":{"b":[${text} ,"x"]}}`,
);

test('the fast check of numbers gives the same result as a check of every number', () => {
  fc.assert(
    fc.property(number, space, place, (text, blank, placed) => {
      const json = placed(`${blank}${text}${blank}`);
      expect(parseExactly(json)).toEqual(JSON.parse(json, exactNumber));
    }),
    { numRuns: 5_000 },
  );
});

test.each(['9007199254740993', '1e999', '1e-999', '0.1000000000000000055', '123456789012345678', '-0'])(
  'the parser gives NaN for %s, which a JSON number cannot hold exactly',
  (text) => expect(parseExactly(`{"i":${text}}`)).toEqual({ i: Number.NaN }),
);

test.each(['9007199254740991', '1.50', '1e3', '-0.5', '0.1', '100000000000000000000'])(
  'the parser gives the exact number for %s',
  (text) => expect(parseExactly(`{"i":${text}}`)).toEqual({ i: Number(text) }),
);

// It is longer than a body may be: a parser that looks at its zeros again and again does not come to an end here.
test('a number of half a million zeros is read at once', () => {
  const zeros = '0'.repeat(500_000);
  expect(parseExactly(`[1${zeros}1,1${zeros},0.${zeros}1,${zeros.length}]`)).toEqual([NaN, NaN, NaN, 500_000]);
  expect(parseExactly(`1.${zeros}`)).toBe(1);
});
