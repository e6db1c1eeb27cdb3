// Two refs never share an answer, whatever texts are in them: no key can be read as the key of another ref.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openViewer } from '../../src/access/viewer.ts';
import { externalIdOf, type Ref } from '../../src/invitation/ref.ts';
import { type Snapshot, snapshotOf } from '../../src/invitation/snapshot.ts';
import { createInvitationLoader } from '../../src/loaders/invitation-loader.ts';
import type { Wish } from '../../src/loaders/wish.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { boundless } from '../rates.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';
import { inviteTo, review } from '../snapshots/source.ts';

const text = fc.oneof(
  fc.constantFrom(
    'foo',
    'foo by age',
    'foo with ICS',
    '3 foo',
    'foo -',
    'US 3 foo -',
    '3 foo x',
    'constructor',
    '__proto__',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
);
const ref: fc.Arbitrary<Ref> = fc.oneof(
  text.map(reviewInvitationRef),
  fc
    .tuple(fc.constantFrom('US' as const, 'DE' as const), text, fc.option(text))
    .map(([at, id, email]) => smartInviteRef(at, id, email)),
);
const wish: fc.Arbitrary<Wish> = fc
  .tuple(ref, fc.boolean(), fc.constantFrom(null, 0, 5_000))
  .map(([ref, withExtras, maxAgeMs]) => ({ ref, maxAgeMs, selection: { withExtras, weigh: () => 0 } }));

/** A snapshot of that ref, whose status says which ref it was read for, how old it may be, and whether with its ICS. */
function tell(ref: Ref, maxAgeMs: number | null, withExtras: boolean): Snapshot {
  const rawStatus = JSON.stringify([ref.key, maxAgeMs, withExtras]);
  const invitation = ref.type === 'ReviewInvitation' ? { ...review(ref, 'SENT'), rawStatus } : inviteTo(ref, rawStatus);
  return snapshotOf(invitation, new Date(0));
}

test('the loader gives each request of an operation the answer of its own ref, of the age that it allows, and with the ICS where it selects it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { minLength: 1, maxLength: 8 }), async (wishes) => {
      const loader = createInvitationLoader(
        {
          answer: () => undefined,
          read: async (ref, { maxAgeMs, withExtras }) => tell(ref, maxAgeMs, withExtras),
        },
        { viewer: openViewer('192.0.2.1'), cancellation: new Cancellation() },
        boundless(),
      );
      const given = (await Promise.all(wishes.map(({ ref, ...wanted }) => loader.loadMany([ref], wanted)))).flat();
      for (const [n, { ref, maxAgeMs, selection }] of wishes.entries()) {
        const snapshot = given[n];
        if (!snapshot || snapshot instanceof Error) throw new Error('nothing was given');
        expect(snapshot).toMatchObject({ type: ref.type, externalId: externalIdOf(ref) });
        const [key, ageMs, withExtras] = JSON.parse(snapshot.rawStatus ?? '');
        expect(key).toBe(ref.key);
        if (maxAgeMs === null) expect(ageMs).toBeNull();
        else expect(ageMs).toBeLessThanOrEqual(maxAgeMs);
        if (selection.withExtras) expect(withExtras).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
