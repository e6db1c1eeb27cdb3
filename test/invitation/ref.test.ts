// What callers hold (global ids) and what they send (ids and addresses): any text survives the way out and back, and
// nothing else is taken for an id.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadUserInput } from '../../src/invitation/problem.ts';
import {
  checkedReviewInvitationRef,
  checkedSmartInviteRef,
  DATA_CENTERS,
  globalIdOf,
  MAX_KEY_LENGTH,
  type Ref,
  refOfGlobalId,
  reviewInvitationRef,
  smartInviteRef,
} from '../../src/invitation/ref.ts';

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
const ref: fc.Arbitrary<Ref> = fc.oneof(
  text.map((id): Ref => reviewInvitationRef(id)),
  fc.tuple(dataCenter, text, fc.option(text)).map((parts): Ref => smartInviteRef(...parts)),
);
const encoded = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url');

describe('a global id', () => {
  test('gives back the ref that it was made of, whatever text is in it', () => {
    fc.assert(
      fc.property(ref, (one) => {
        expect(refOfGlobalId(globalIdOf(one))).toEqual(one);
      }),
    );
  });

  test('is URL-safe', () => {
    fc.assert(
      fc.property(ref, (one) => {
        expect(globalIdOf(one)).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  test('belongs to one ref alone', () => {
    const closeTexts = fc.constantFrom('a', 'A', 'b', '"', 'a","b', 'null', '', '\ud800', '\udc00', '\ufffd', '?');
    const closeRefs = fc.oneof(
      ref,
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
    ['a word', 'rubbish'],
    ['JSON that is not encoded', '["ReviewInvitation","a"]'],
    ['no list', encoded({ type: 'ReviewInvitation', invitationId: 'a' })],
    ['null', encoded(null)],
    ['an empty list', encoded([])],
    ['a type that nobody knows', encoded(['Business', 'a'])],
    ['a type that every object has', encoded(['constructor', 'a'])],
    ['a key that is missing', encoded(['ReviewInvitation'])],
    ['a key that is no text', encoded(['ReviewInvitation', 1])],
    ['a key too many', encoded(['ReviewInvitation', 'a', 'b'])],
    ['a data center that nobody knows', encoded(['SmartInvite', 'XX', 'a', null])],
    ['a data center in another case', encoded(['SmartInvite', 'us', 'a', null])],
    ['an address that is missing', encoded(['SmartInvite', 'US', 'a'])],
    ['an address that is no text', encoded(['SmartInvite', 'US', 'a', { toString: 'a' }])],
    ['JSON with spaces', Buffer.from('["ReviewInvitation", "a"]').toString('base64url')],
    ['JSON with needless escapes', Buffer.from('["ReviewInvitation","\\u0061"]').toString('base64url')],
  ])('is not %s', (_, id) => {
    expect(refOfGlobalId(id)).toBeNull();
  });

  test('is not taken padded, altered or cut', () => {
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

  test('is not taken spelled another way, though it decodes to the same bytes', () => {
    const standard = Buffer.from(globalIdOf(reviewInvitationRef('>>>???')), 'base64url').toString('base64');
    expect(standard).toMatch(/[+/]/);
    expect(refOfGlobalId(standard)).toBeNull();

    // 31 bytes leave four bits of the last character unused: they must be zero.
    const id = globalIdOf(reviewInvitationRef('123456789'));
    const respelled = `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(id.length - 1) + 1)}`;
    expect(Buffer.from(respelled, 'base64url')).toEqual(Buffer.from(id, 'base64url'));
    expect(refOfGlobalId(respelled)).toBeNull();
  });

  test('is, of all texts, only one that was given out', () => {
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
  // Few texts, which differ by what a key is made of: so that many wishes are nearly the same.
  const parts = fc.constantFrom('a', ' a', ' with ICS', ' by age', ' ', '1', '3 ', 'R ', 'I ', 'S US 1 ');
  const closeText = fc.oneof(
    text,
    fc.array(parts, { maxLength: 2 }).map((some) => some.join('')),
  );
  const closeRef = fc.oneof(
    closeText.map((id): Ref => reviewInvitationRef(id)),
    fc.tuple(fc.constantFrom('US', 'DE'), closeText, fc.option(closeText)).map((of): Ref => smartInviteRef(...of)),
  );
  const wish = fc.record({ ref: closeRef, withIcalendar: fc.boolean() });
  const keyOf = (one: { ref: Ref; withIcalendar: boolean }) =>
    one.withIcalendar ? one.ref.keyWithIcalendar : one.ref.key;
  // A review invitation has no ICS, so that a read with it is one without.
  const thingOf = ({ ref, withIcalendar }: { ref: Ref; withIcalendar: boolean }) =>
    `${identityOf(ref)}${withIcalendar && ref.type === 'SmartInvite' ? ' with ICS' : ''}`;

  test('is that of another wish only where both name the same thing', () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 100, maxLength: 400 }), (wishes) => {
        const things = new Map(wishes.map((one) => [keyOf(one), thingOf(one)]));
        expect(wishes.map((one) => things.get(keyOf(one)))).toEqual(wishes.map(thingOf));
        expect(things.size).toBe(new Set(wishes.map(thingOf)).size);
      }),
    );
  });
});

describe.each([
  ['invitationId', (value: string) => checkedReviewInvitationRef(value)],
  ['smartInviteId', (value: string) => checkedSmartInviteRef('US', value, null)],
  ['recipientEmail', (value: string) => checkedSmartInviteRef('US', 'a', value)],
])('%s', (argument, refWith) => {
  const control = fc.oneof(fc.integer({ min: 0, max: 0x1f }), fc.integer({ min: 0x7f, max: 0x9f }));
  const loneSurrogate = fc.integer({ min: 0xd800, max: 0xdfff });
  const fine = fc.string({ unit: 'grapheme', maxLength: 20 });

  test.each([
    ['empty', ''],
    ['too long', 'x'.repeat(MAX_KEY_LENGTH + 1)],
    ['10 KB long', 'x'.repeat(10_240)],
    ['broken in two lines', 'a\r\nX: y'],
  ])('is refused where it is %s', (_, value) => {
    expect(() => refWith(value)).toThrow(BadUserInput);
    expect(() => refWith(value)).toThrow(new RegExp(`^${argument} `));
  });

  test('is refused with a control character or half a surrogate pair anywhere in it', () => {
    fc.assert(
      fc.property(fine, fc.oneof(control, loneSurrogate), fine, (before, unit, after) => {
        const value = before + String.fromCharCode(unit) + after;
        expect(() => refWith(value)).toThrow(BadUserInput);
        expect(() => refWith(value)).toThrow(new RegExp(`^${argument} `));
      }),
    );
  });

  test('is taken as it is otherwise, up to 512 characters', () => {
    const longest = 'x'.repeat(512);
    for (const value of ['a', ' ', '../admin', 'a&recipient_email=b@x', '#', 'a+b@x.org', 'ü', '😀', longest]) {
      expect(Object.values(refWith(value))).toContain(value);
    }
  });
});

// Written apart from `keyOf`, whose answer it is held against.
function identityOf(one: Ref): string {
  const units = (value: string | null) =>
    value === null ? 'null' : [...Array(value.length).keys()].map((n) => value.charCodeAt(n)).join('.');
  return one.type === 'ReviewInvitation'
    ? `review/${units(one.invitationId)}`
    : `smart/${one.dataCenter}/${units(one.smartInviteId)}/${units(one.recipientEmail)}`;
}
