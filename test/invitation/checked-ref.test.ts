// What callers send to name an invitation (ids, addresses, data centers): what is taken, and what is refused before it can
// become a ref.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadUserInput } from '../../src/invitation/problem.ts';
import { checkedRef, isSameInvitation, type Ref } from '../../src/invitation/ref.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';

interface Part {
  readonly argument: string;
  refWith(value: string): Ref;
  /** A text that is right, with this one in it. */
  around(text: string): string;
}

const smartInvite = (named: object): Ref => checkedRef('SmartInvite', { smartInviteId: 'a', ...named });

describe.each<Part>([
  {
    argument: 'invitationId',
    refWith: (invitationId) => checkedRef('ReviewInvitation', { invitationId }),
    around: (text) => text,
  },
  {
    argument: 'smartInviteId',
    refWith: (smartInviteId) => smartInvite({ smartInviteId }),
    around: (text) => text,
  },
  {
    argument: 'recipientEmail',
    refWith: (recipientEmail) => smartInvite({ recipientEmail }),
    around: (text) => `${text}@example.com`,
  },
])('$argument', ({ argument, refWith, around }) => {
  const control = fc.oneof(fc.integer({ min: 0, max: 0x1f }), fc.integer({ min: 0x7f, max: 0x9f }));
  const loneSurrogate = fc.integer({ min: 0xd800, max: 0xdfff });
  const fine = fc.string({ unit: 'grapheme', maxLength: 20 });
  const longest = around('x'.repeat(512 - around('').length));

  test.each([
    ['empty', 'is empty', ''],
    ['too long', 'is too long', `x${longest}`],
    ['10 KB long', 'is too long', around('x'.repeat(10_240))],
    ['broken in two lines', 'has characters that no id has', around('a\r\nX: y')],
  ])('is refused where it is %s', (_, fault, value) => {
    expect(() => refWith(value)).toThrow(BadUserInput);
    expect(() => refWith(value)).toThrow(new RegExp(`^${argument} ${fault}: `));
  });

  test('is refused with a control character or half a surrogate pair anywhere in it', () => {
    fc.assert(
      fc.property(fine, fc.oneof(control, loneSurrogate), fine, (before, unit, after) => {
        const value = around(before + String.fromCharCode(unit) + after);
        expect(() => refWith(value)).toThrow(BadUserInput);
        expect(() => refWith(value)).toThrow(new RegExp(`^${argument} has characters that no id has: `));
      }),
    );
  });

  test('is accepted otherwise, up to 512 characters', () => {
    const texts = ['a', ' ', '../admin', 'a&recipient_email=b@x', '#', 'a+b@x.org', 'ü', '😀'];
    for (const value of [...texts.map(around), longest]) {
      expect(Object.values(refWith(value).parts)).toContain(value);
    }
  });
});

describe('a part of a key', () => {
  test.each([
    ['invitationId', () => checkedRef('ReviewInvitation', {})],
    ['invitationId', () => checkedRef('ReviewInvitation', { invitationId: null })],
    ['smartInviteId', () => checkedRef('SmartInvite', { recipientEmail: 'a@example.com' })],
  ])('that is required and missing is refused: %s', (argument, ref) => {
    expect(ref).toThrow(BadUserInput);
    expect(ref).toThrow(new RegExp(`^${argument} `));
  });

  test('that the caller leaves out is the one of the account, and else the default of the kind', () => {
    const named = { smartInviteId: 'a' };
    expect(checkedRef('SmartInvite', named)).toEqual(smartInviteRef('US', 'a', null));
    expect(checkedRef('SmartInvite', { ...named, dataCenter: null }, { dataCenter: 'DE' })).toEqual(
      smartInviteRef('DE', 'a', null),
    );
    expect(checkedRef('SmartInvite', { ...named, dataCenter: 'AU' }, { dataCenter: 'DE' })).toEqual(
      smartInviteRef('AU', 'a', null),
    );
  });

  test('that is no code of a data center is refused', () => {
    for (const dataCenter of ['EU', 'us', '', 'constructor']) {
      expect(() => smartInvite({ dataCenter })).toThrow(BadUserInput);
      expect(() => smartInvite({ dataCenter })).toThrow(/^dataCenter is none of AU, CA, DE, SG, UK, US: /);
    }
  });
});

test.each(['a', '@', 'a@', '@a', '@@', 'a.example.com', 'a @'])(
  'an address needs text on both sides of an @: not %s',
  (recipientEmail) => {
    expect(() => smartInvite({ recipientEmail })).toThrow(BadUserInput);
    expect(() => smartInvite({ recipientEmail })).toThrow(/^recipientEmail is no e-mail address: /);
  },
);

describe('two refs name one invitation', () => {
  const board = smartInviteRef('US', 'board', null);
  test.each<[string, Ref, Ref, boolean]>([
    ['where they are equal', board, smartInviteRef('US', 'board', null), true],
    ['where they are equal', reviewInvitationRef('a'), reviewInvitationRef('a'), true],
    ['where one is by recipient', board, smartInviteRef('US', 'board', 'a@example.com'), true],
    [
      'where each is by another recipient',
      smartInviteRef('US', 'board', 'a@example.com'),
      smartInviteRef('US', 'board', 'b@example.com'),
      true,
    ],
    ['and not where the ids differ', board, smartInviteRef('US', 'other', null), false],
    ['and not where the ids differ', reviewInvitationRef('a'), reviewInvitationRef('b'), false],
    ['and not at two data centers', board, smartInviteRef('DE', 'board', null), false],
    ['and not of two kinds', board, reviewInvitationRef('board'), false],
  ])('%s: %j, %j', (_, a, b, isSame) => {
    expect(isSameInvitation(a, b)).toBe(isSame);
    expect(isSameInvitation(b, a)).toBe(isSame);
  });
});
