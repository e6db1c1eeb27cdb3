// Four sets of variables for a document: mostly such as fit; some missing, null, of another type, or naming two members
// of a @oneOf input.

import fc from 'fast-check';
import { globalIdOf } from '../../src/invitation/ref.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';

export type VariableSet = readonly Record<string, unknown>[];

const name = fc.nat({ max: 30 }).map(String);
const id = fc.oneof(
  name.map((text) => globalIdOf(reviewInvitationRef(text))),
  name.map((text) => globalIdOf(smartInviteRef('US', text, null))),
  fc.constant('nonsense'),
);
const review = name.map((invitationId) => ({ invitationId }));
const ref = fc.oneof(
  review.map((reviewInvitation) => ({ reviewInvitation })),
  name.map((smartInviteId) => ({ smartInvite: { smartInviteId } })),
  name.map((smartInviteId) => ({
    smartInvite: { smartInviteId, recipientEmail: 'ann@example.com', dataCenter: 'DE' },
  })),
  id.map((text) => ({ id: text })),
);
const badRef = fc.constantFrom<unknown>(
  {},
  null,
  'text',
  { reviewInvitation: null },
  { id: 'x', reviewInvitation: { invitationId: '1' } },
  { smartInvite: {} },
  { other: 1 },
  [],
);

const representation = fc.record({ __typename: fc.constantFrom('Invitation', 'ReviewInvitation', 'SmartInvite'), id });
/** A scalar of a router's: everything fits it but null. */
const anything = fc.constantFrom<unknown>(
  {},
  [],
  7,
  'text',
  { __typename: 'Order', id: 'x' },
  { __typename: 'constructor', id: 5 },
  { id: { toString: 'x' } },
);

/** Nearly always the first. */
const mostly = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 30, arbitrary: good }, { weight: 1, arbitrary: bad });

const nothing = fc.constant(undefined);

const one = fc
  .record({
    a: mostly(fc.boolean(), fc.constantFrom<unknown>(null, 'true', undefined)),
    b: mostly(fc.boolean(), fc.constantFrom<unknown>(null, 1, undefined)),
    c: mostly(fc.boolean(), nothing),
    d: fc.boolean(),
    id: mostly(fc.oneof(id, fc.nat()), fc.constantFrom<unknown>(null, {}, 1.5, undefined)),
    ids: mostly(fc.oneof(fc.array(id, { maxLength: 4 }), id), fc.constantFrom<unknown>([null], [[]], undefined)),
    ref: mostly(ref, badRef),
    refs: mostly(fc.array(ref, { minLength: 1, maxLength: 5 }), fc.oneof(badRef, fc.array(badRef, { maxLength: 2 }))),
    review: mostly(review, fc.constantFrom<unknown>(null, undefined)),
    name: mostly(fc.oneof(name, fc.nat({ max: 30 })), fc.constantFrom<unknown>('', null, true)),
    email: mostly(fc.constantFrom('ann@example.com', 'ann', null, undefined), fc.constant(5)),
    at: mostly(fc.constantFrom('US', 'DE', null, undefined), fc.constantFrom('MARS', 3)),
    constructor: mostly(fc.constantFrom(0, 5, null, undefined), fc.constantFrom<unknown>(-1, '5')),
    toString: mostly(fc.constantFrom('ann@example.com', null, undefined), fc.constant(5)),
    one: mostly(fc.oneof(representation, anything), fc.constantFrom<unknown>(null, undefined)),
    representations: mostly(
      fc.oneof(fc.array(mostly(representation, anything), { minLength: 1, maxLength: 5 }), representation),
      fc.constantFrom<unknown>([null], [], null, undefined),
    ),
    age: mostly(fc.constantFrom(0, 5, null, undefined), fc.constantFrom<unknown>(-1, 2 ** 31, '5')),
  })
  // What is undefined is missing.
  .map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)));

export function variablesOf(): fc.Arbitrary<VariableSet> {
  return fc.array(one, { minLength: 4, maxLength: 4 });
}
