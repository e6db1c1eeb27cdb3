// What processes share of an invitation lies under a digest, which is that of no other invitation and no other scope.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ref } from '../../src/invitation/ref.ts';
import { digestOf } from '../../src/snapshots/redis-tier.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.constantFrom('a', 'R a', 'a R', ' R a', 'R', '\ud800', '\udc00', '\ufffd', '"', ','),
);
const ref = fc.oneof(
  text.map((id): Ref => reviewInvitationRef(id)),
  fc.tuple(text, fc.option(text)).map(([id, email]): Ref => smartInviteRef('US', id, email)),
);
const place = fc.record({ scope: text, ref });

test('a digest differs for every two scopes and every two refs', () => {
  fc.assert(
    fc.property(fc.array(place, { minLength: 50, maxLength: 200 }), (places) => {
      const named = new Map(places.map((each) => [digestOf(each.scope, each.ref), each]));
      for (const each of places) {
        expect(named.get(digestOf(each.scope, each.ref))).toEqual(each);
      }
    }),
  );
});
