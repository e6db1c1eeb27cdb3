// What a snapshot weighs in the store against what it takes on the heap, with the wish to keep it fresh. Alone in its file: it
// looks at the memory of the process.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Invitation } from '../../src/invitation/kinds.ts';
import { refOf, wholeKeyOf } from '../../src/invitation/ref.ts';
import { momentOf, type Snapshot, snapshotOf } from '../../src/invitation/snapshot.ts';
import { decodeSmartInvite } from '../../src/providers/cronofy/wire.ts';
import { decodeReviewInvitation } from '../../src/providers/partoo/wire.ts';
import type { Entry } from '../../src/snapshots/entry.ts';
import { createStore, type Store } from '../../src/snapshots/store.ts';
import { createStoreSpace } from '../../src/snapshots/store-space.ts';
import type { Wishes } from '../../src/snapshots/wishes.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';
import { newWishes } from './wishing.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function used(): number {
  // What a collection finds unreachable may be freed by the next one.
  for (let n = 0; n < 4; n++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The answer as it comes: text, which is made here anew for each. */
const arrived = (wire: object): unknown => JSON.parse(Buffer.from(JSON.stringify(wire)).toString());

function reviewOf(n: number): Invitation {
  const id = `2b1c9d4e-4b1c-4e0f-9c1a-${n}`;
  return decodeReviewInvitation(arrived({ invitation_id: id, status: 'SENT' }), reviewInvitationRef(id));
}

function inviteOf(n: number, replies: number, comment: string, icalendar?: string): Invitation {
  const person = (k: number) => ({
    email: `person-${n}-${k}@example.com`,
    status: 'accepted',
    comment: `${comment}${k}`,
  });
  const wire = {
    recipient: person(0),
    replies: Array.from({ length: replies }, (_, k) => person(k)),
    smart_invite_id: `qTtZdczOccgaPncGJaCiLg-${n}`,
    callback_url: 'https://gateway.example.com/webhooks/cronofy',
    event: {
      summary: `Board meeting ${n}`,
      description: `The board meets to talk about the results of the quarter, and about number ${n}.`,
      start: { time: '2026-12-05T09:30:00+02:00', tzid: 'Europe/Paris' },
      end: { time: '2026-12-05T10:30:00+02:00', tzid: 'Europe/Paris' },
      location: { description: `Room ${n} on the first floor` },
    },
    ...(icalendar === undefined ? {} : { attachments: { icalendar: `${icalendar}${n}` } }),
  };
  return decodeSmartInvite(arrived(wire), smartInviteRef('US', wire.smart_invite_id, null));
}

/** What was seen rests for less than this before it becomes a wish, in milliseconds. */
const RESTED_MS = 60_000;
const DAY_MS = 86_400_000;
const ROOMY = { maxEntries: 50_000, maxBytes: 1_000_000_000 };

/** A store, and the wishes for what is in it. */
interface Kept {
  readonly store: Store;
  readonly wishes: Wishes;
}

function newKept(): Kept {
  const now = () => performance.now();
  return { store: createStore(createStoreSpace(ROOMY), DAY_MS, now), wishes: newWishes(now) };
}

const ICS = 'X-LINE:some text of a calendar\r\n'.repeat(640);

const addressedRef = (n: number) => smartInviteRef('US', `qTtZdczOccgaPncGJaCiLg-${n}`, `person-${n}@example.com`);
const refOfAny = (n: number, snapshot: Snapshot | null) =>
  snapshot === null ? reviewInvitationRef(`2b1c9d4e-4b1c-4e0f-9c1a-${n}`) : refOf(snapshot);

test.each<[string, number, (n: number) => Invitation | null]>([
  ['"not found"', 20_000, () => null],
  ['a review invitation', 15_000, reviewOf],
  ['a Smart Invite with one reply', 5_000, (n) => inviteOf(n, 1, '')],
  [
    'a Smart Invite with fifty comments',
    500,
    (n) => inviteOf(n, 50, 'I come a little later, please begin without me. '),
  ],
  ['a Smart Invite with comments in Cyrillic', 2_000, (n) => inviteOf(n, 5, 'Немного опоздаю, начинайте без меня. ')],
  ['"not found" by an address', 20_000, () => null],
  ['a Smart Invite with an ICS', 500, (n) => inviteOf(n, 1, '', ICS)],
])('the weight of %s is what it takes on the heap, within a seventh', (what, count, make) => {
  const fill = ({ store, wishes }: Kept, from: number) => {
    for (let n = from; n < from + count; n++) {
      const invitation = make(n);
      const snapshot = invitation && snapshotOf(invitation, momentOf(n));
      // It has been given once.
      snapshot?.observedAt.toISOString();
      const seenAt = performance.now();
      const ref = what.endsWith('by an address') ? addressedRef(n) : refOfAny(n, snapshot);
      const entry: Entry = {
        type: ref.type,
        snapshot,
        withExtras: true,
        whole: wholeKeyOf(ref),
        begunAt: seenAt - 1.5,
        seenAt,
        sinceAt: seenAt - 2.5,
        state: '',
        looks: 0,
        restsAt: -1,
        freshMs: 10_000,
        staleness: null,
      };
      store.set(ref.key, entry);
      wishes.see(ref, entry, 1, undefined);
    }
    // It has become a wish.
    wishes.wake(performance.now() + RESTED_MS);
  };
  const [first, second] = [newKept(), newKept()];
  // What runs for the first time takes memory of its own.
  fill(first, 1_000_000);
  const before = used();
  fill(second, 2_000_000);
  const ratio = second.store.calculatedSize / (used() - before);
  // Both are in memory until here, so that nothing of the first one is freed in between.
  expect(first.store.calculatedSize).toBe(second.store.calculatedSize);
  expect(first.wishes.size).toBe(second.wishes.size);
  expect(ratio).toBeGreaterThan(6 / 7);
  expect(ratio).toBeLessThan(8 / 7);
});
