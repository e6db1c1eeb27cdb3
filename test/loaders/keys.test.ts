// Whatever texts name invitations, no two of them share an answer: keys are never put together so that one text could
// be another.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Snapshot, snapshotOf } from '../../src/invitation/invitation.ts';
import { type Ref, reviewInvitationRef, smartInviteRef } from '../../src/invitation/ref.ts';
import { createInvitationLoader, type Wish } from '../../src/loaders/invitation-loader.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';

const text = fc.oneof(
  fc.constantFrom('foo', 'foo by age', 'foo with ICS', 'R foo', 'S US 3 foo', '3 foo x', 'constructor', '__proto__'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
);
const ref: fc.Arbitrary<Ref> = fc.oneof(
  text.map(reviewInvitationRef),
  fc.tuple(fc.constantFrom('US', 'DE'), text, fc.option(text)).map(([at, id, email]) => smartInviteRef(at, id, email)),
);
const wish: fc.Arbitrary<Wish> = fc
  .tuple(ref, fc.boolean(), fc.constantFrom(null, 0, 5_000))
  .map(([ref, withIcalendar, maxAgeMs]) => ({ ref, maxAgeMs, selection: { withIcalendar, weigh: () => 0 } }));

/** A snapshot that says which ref it was read for, how old it may be, and whether with its ICS. */
function tell({ key }: Ref, maxAgeMs: number | null, withIcalendar: boolean): Snapshot {
  const invitationId = JSON.stringify([key, maxAgeMs, withIcalendar]);
  return snapshotOf({ type: 'ReviewInvitation', invitationId, deliveryStatus: 'SENT', rawStatus: null }, new Date(0));
}

test('each wish of an operation gets the answer of its own ref, as old as it may be, with its ICS where it wants it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { minLength: 1, maxLength: 8 }), async (wishes) => {
      const loader = createInvitationLoader(
        {
          answer: () => undefined,
          read: async (ref, { maxAgeMs, withIcalendar }) => tell(ref, maxAgeMs, withIcalendar),
        },
        { cancellation: new Cancellation() },
      );
      const given = await loader.loadMany(wishes);
      for (const [n, { ref, maxAgeMs, selection }] of wishes.entries()) {
        const snapshot = given[n];
        if (snapshot?.constructor !== Object || !('invitationId' in snapshot)) throw new Error('nothing was given');
        const [key, ageMs, withIcalendar] = JSON.parse(String(snapshot.invitationId));
        expect(key).toBe(ref.key);
        if (maxAgeMs === null) expect(ageMs).toBeNull();
        else expect(ageMs).toBeLessThanOrEqual(maxAgeMs);
        if (selection.withIcalendar) expect(withIcalendar).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
