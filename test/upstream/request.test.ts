// What a request becomes on the wire.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { targetOf } from '../../src/upstream/request.ts';

describe('the target of a call', () => {
  test('holds exactly the given parameters, each once, whatever text is in them', () => {
    const nasty = fc.constantFrom(
      '&',
      '=',
      '#',
      '?',
      '+',
      ' ',
      '%',
      '%26',
      '/',
      '../',
      '\r\n',
      '\u0000',
      "'",
      'ü',
      '😀',
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(nasty, fc.string({ maxLength: 3 }))).map((parts) => parts.join('')),
    );
    const name = fc.oneof(fc.constantFrom('smart_invite_id', 'recipient_email', 'include_ics', '__proto__'), value);
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 4 }), (query) => {
        const { pathname, searchParams, hash } = new URL(targetOf({ path: '/v2/read', query }), 'http://provider');
        expect([...searchParams]).toEqual(Object.entries(query));
        expect([pathname, hash]).toEqual(['/v2/read', '']);
      }),
    );
  });

  test('has only characters that every server and proxy accepts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(targetOf({ path: '/v2/read', query: { id: value } })).toMatch(/^\/v2\/read\?id=[\w.!~*'()%-]*$/);
      }),
    );
  });

  test('has the replacement character for half a surrogate pair, and no question mark without parameters', () => {
    expect(targetOf({ path: '/v2/read', query: { id: 'a\ud800' } })).toBe('/v2/read?id=a%EF%BF%BD');
    expect(targetOf({ path: '/v2/read', query: {} })).toBe('/v2/read');
  });
});
