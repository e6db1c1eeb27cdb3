// What callers hold (global ids): any text that names something survives the way out and back, and nothing else is taken
// for an id. And the keys of caches, which no two refs share.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globalIdOf, type Ref, refOfGlobalId } from '../../src/invitation/ref.ts';
import { DATA_CENTERS } from '../../src/invitation/smart-invite.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';

const nasty = fc.constantFrom(
  '"',
  "'",
  '\\',
  '","',
  '\u0000',
  '\r\n',
  '\u007f',
  '\ud800',
  '\udc00',
  '😀',
  'é',
  'e\u0301',
);
const codeUnits = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  codeUnits,
  fc.array(fc.oneof(nasty, fc.string({ maxLength: 2 }))).map((parts) => parts.join('')),
);
const dataCenter = fc.constantFrom(...DATA_CENTERS);
const refWith = (some: fc.Arbitrary<string>): fc.Arbitrary<Ref> =>
  fc.oneof(
    some.map((id): Ref => reviewInvitationRef(id)),
    fc.tuple(dataCenter, some, fc.option(some)).map((parts): Ref => smartInviteRef(...parts)),
  );
const anyRef = refWith(text);

// What may name something: 1 to 512 characters, none of them half a surrogate pair or a control character.
const name = text
  .map((units) =>
    units
      .toWellFormed()
      .replaceAll(/\p{Cc}/gu, '')
      .slice(0, 512),
  )
  .filter((units) => units.length > 0 && units.isWellFormed());
const ref = refWith(name);
const encoded = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url');

describe('a global id', () => {
  test('decodes to the ref that it was made of, whatever text is in it', () => {
    fc.assert(
      fc.property(ref, (one) => {
        expect(refOfGlobalId(globalIdOf(one))).toEqual(one);
      }),
    );
  });

  test.each([
    ['is empty', ''],
    ['is too long', 'x'.repeat(513)],
    ['has a line break in it', 'a\r\nX: y'],
    ['has a control character in it', '\u0085'],
    ['has half a surrogate pair in it', '\ud800'],
  ])('is refused where a part of it %s', (_, part) => {
    expect(refOfGlobalId(globalIdOf(reviewInvitationRef(part)))).toBeNull();
    expect(refOfGlobalId(globalIdOf(smartInviteRef('US', part, null)))).toBeNull();
    expect(refOfGlobalId(globalIdOf(smartInviteRef('US', 'a', part)))).toBeNull();
  });

  test('holds up to 512 characters, and any address that a provider gives', () => {
    for (const one of [reviewInvitationRef('x'.repeat(512)), smartInviteRef('US', 'a', 'no address')]) {
      expect(refOfGlobalId(globalIdOf(one))).toEqual(one);
    }
  });

  test('is URL-safe', () => {
    fc.assert(
      fc.property(anyRef, (one) => {
        expect(globalIdOf(one)).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  test('differs for every two refs', () => {
    const closeTexts = fc.constantFrom('a', 'A', 'b', '"', 'a","b', 'null', '', '\ud800', '\udc00', '\ufffd', '?');
    const closeRefs = fc.oneof(
      anyRef,
      closeTexts.map((id): Ref => reviewInvitationRef(id)),
      fc.tuple(dataCenter, closeTexts, fc.option(closeTexts)).map((parts): Ref => smartInviteRef(...parts)),
    );
    fc.assert(
      fc.property(fc.uniqueArray(closeRefs, { selector: identityOf, maxLength: 60 }), (refs) => {
        expect(new Set(refs.map(globalIdOf)).size).toBe(refs.length);
        expect(new Set(refs.map(({ key }) => key)).size).toBe(refs.length);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['a word that is no id', 'rubbish'],
    ['JSON that is not encoded', '["ReviewInvitation","a"]'],
    ['no list', encoded({ type: 'ReviewInvitation', invitationId: 'a' })],
    ['null', encoded(null)],
    ['an empty list', encoded([])],
    ['an unknown type', encoded(['Business', 'a'])],
    ['a type that every object has', encoded(['constructor', 'a'])],
    ['a key that is missing', encoded(['ReviewInvitation'])],
    ['a key that is no text', encoded(['ReviewInvitation', 1])],
    ['a key too many', encoded(['ReviewInvitation', 'a', 'b'])],
    ['an unknown data center', encoded(['SmartInvite', 'XX', 'a', null])],
    ['a data center in another case', encoded(['SmartInvite', 'us', 'a', null])],
    ['an address that is missing', encoded(['SmartInvite', 'US', 'a'])],
    ['an address that is no text', encoded(['SmartInvite', 'US', 'a', { toString: 'a' }])],
    ['JSON with spaces', Buffer.from('["ReviewInvitation", "a"]').toString('base64url')],
    ['JSON with needless escapes', Buffer.from('["ReviewInvitation","\\u0061"]').toString('base64url')],
  ])('is not %s', (_, id) => {
    expect(refOfGlobalId(id)).toBeNull();
  });

  test('is refused when it is padded, altered or cut', () => {
    const altered = fc
      .tuple(ref, fc.nat(), fc.constantFrom('=', '==', ' ', '\n', '+', '/', '.', 'é'))
      .map(([one, at, extra]) => {
        const id = globalIdOf(one);
        const place = at % (id.length + 1);
        return id.slice(0, place) + extra + id.slice(place);
      });
    fc.assert(
      fc.property(altered, (id) => {
        expect(refOfGlobalId(id)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(ref, fc.nat(), (one, at) => {
        const id = globalIdOf(one);
        expect(refOfGlobalId(id.slice(0, at % id.length))).toBeNull();
      }),
    );
  });

  test('is refused in another spelling, though that decodes to the same bytes', () => {
    const standard = Buffer.from(globalIdOf(reviewInvitationRef('>>>???')), 'base64url').toString('base64');
    expect(standard).toMatch(/[+/]/);
    expect(refOfGlobalId(standard)).toBeNull();

    // 31 bytes leave four bits of the last character unused: they must be zero.
    const id = globalIdOf(reviewInvitationRef('123456789'));
    const respelled = `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(id.length - 1) + 1)}`;
    expect(Buffer.from(respelled, 'base64url')).toEqual(Buffer.from(id, 'base64url'));
    expect(refOfGlobalId(respelled)).toBeNull();
  });

  test('is refused unless the gateway could have made it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.base64String(),
          fc.json().map((json) => encoded(JSON.parse(json))),
        ),
        (id) => {
          const found = refOfGlobalId(id);
          expect(found === null ? null : globalIdOf(found)).toBe(found === null ? null : id);
        },
      ),
    );
  });
});

describe('a key', () => {
  // Few texts, which differ by what a key is made of: so that many refs are nearly the same.
  const parts = fc.constantFrom(
    'a',
    ' a',
    ' with ICS',
    ' by age',
    ' ',
    '1',
    '3 ',
    'R ',
    'I ',
    '-',
    ' -',
    ' 1 a',
    ' 2 US 1 ',
  );
  const closeText = fc.oneof(
    text,
    fc.array(parts, { maxLength: 2 }).map((some) => some.join('')),
  );
  const closeRef = fc.oneof(
    closeText.map((id): Ref => reviewInvitationRef(id)),
    fc
      .tuple(fc.constantFrom('US' as const, 'DE' as const), closeText, fc.option(closeText))
      .map((of): Ref => smartInviteRef(...of)),
  );

  test('is equal for two refs only where both name the same invitation', () => {
    fc.assert(
      fc.property(fc.array(closeRef, { minLength: 100, maxLength: 400 }), (refs) => {
        const things = new Map(refs.map((one) => [one.key, identityOf(one)]));
        expect(refs.map((one) => things.get(one.key))).toEqual(refs.map(identityOf));
        expect(things.size).toBe(new Set(refs.map(identityOf)).size);
      }),
    );
  });
});

// Written apart from `keyOf`, whose answer it is held against.
function identityOf(one: Ref): string {
  const units = (value: string | null) =>
    value === null ? 'null' : [...Array(value.length).keys()].map((n) => value.charCodeAt(n)).join('.');
  return one.type === 'ReviewInvitation'
    ? `review/${units(one.parts.invitationId)}`
    : `smart/${one.parts.dataCenter}/${units(one.parts.smartInviteId)}/${units(one.parts.recipientEmail)}`;
}
