// What a watcher asks for: that what streams watch is kept fresh, and that a change of an invitation is heeded by all names
// that watch it and by no others.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSameInvitation, type Ref } from '../../src/invitation/ref.ts';
import type { DeliveryStatus } from '../../src/invitation/review-invitation.ts';
import { type Snapshot, snapshotOf } from '../../src/invitation/snapshot.ts';
import { createChanges } from '../../src/live/changes.ts';
import { createWatcher } from '../../src/live/watcher.ts';
import type { News } from '../../src/snapshots/sight.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';
import { invite } from '../snapshots/source.ts';

const a = reviewInvitationRef('a');
const b = reviewInvitationRef('b');

function start() {
  const wishes: { ref: Ref; unlessWithinMs: number }[] = [];
  const streams = new Map<Ref, number>();
  const reconsidered: Ref[] = [];
  const silences: (() => void)[] = [];
  const changes = createChanges();
  const watcher = createWatcher({
    snapshots: {
      want: (ref, unlessWithinMs = 0) => void wishes.push({ ref, unlessWithinMs }),
      watch: (ref, count) => void streams.set(ref, (streams.get(ref) ?? 0) + count),
      reconsider: (ref) => void reconsidered.push(ref),
    },
    changes,
    addresses: { onSilent: (listener) => void silences.push(listener) },
    now: () => 1_000,
  });
  return {
    watcher,
    wishes,
    reconsidered,
    /** By how many streams each is watched. */
    streamsOf: (ref: Ref) => streams.get(ref) ?? 0,
    /** As seen so many milliseconds ago. */
    publish: (ref: Ref, snapshot: Snapshot, news: News = 'changed', agoMs = 0) =>
      changes.publish(ref, snapshot, news, 1_000 - agoMs),
    fallSilent: () => {
      for (const listener of silences) listener();
    },
  };
}

function seen(deliveryStatus: DeliveryStatus): Snapshot {
  return snapshotOf({ type: 'ReviewInvitation', invitationId: 'a', deliveryStatus, rawStatus: null }, new Date());
}

test('each stream that watches counts, until it ends', () => {
  const { watcher, streamsOf } = start();
  const ends = [1, 2, 3].map(() => watcher.watch(a));
  watcher.watch(b);
  expect([streamsOf(a), streamsOf(b)]).toEqual([3, 1]);
  ends[0]?.();
  ends[0]?.();
  expect(streamsOf(a)).toBe(2);
  for (const end of ends) end();
  expect([streamsOf(a), streamsOf(b)]).toEqual([0, 1]);
  expect([watcher.namesOf(a), watcher.namesOf(b)]).toEqual([[], [b]]);
});

test('a final state ends all watches of it, and who ends one later ends no other', () => {
  const { watcher, publish, streamsOf } = start();
  const ends = [watcher.watch(a), watcher.watch(a)];
  publish(a, seen('DELIVERED'));
  expect(streamsOf(a)).toBe(0);
  expect(watcher.namesOf(a)).toEqual([]);
  watcher.watch(a);
  for (const end of ends) end();
  expect(streamsOf(a)).toBe(1);
});

test('a change of an invitation that is not watched, or by its only name, causes no read', () => {
  const { watcher, publish, wishes } = start();
  watcher.watch(b);
  publish(a, seen('SENT'));
  watcher.watch(a);
  publish(a, seen('SENT'));
  expect(wishes).toEqual([]);
});

test('a change of an invite makes its other watched names wanted, unless they have been read since', () => {
  const { watcher, publish, wishes } = start();
  const whole = smartInviteRef('US', 'board', null);
  const byAddress = smartInviteRef('US', 'board', 'a@example.com');
  const others = [
    smartInviteRef('DE', 'board', null),
    smartInviteRef('US', 'else', null),
    reviewInvitationRef('board'),
  ];
  for (const ref of [whole, byAddress, ...others]) watcher.watch(ref);
  publish(byAddress, snapshotOf(invite('accepted'), new Date()), 'changed', 300);
  expect(wishes).toEqual([{ ref: whole, unlessWithinMs: 300 }]);
  // Also where the name that was read is not watched.
  publish(smartInviteRef('US', 'board', 'b@example.com'), snapshotOf(invite('accepted'), new Date()));
  expect(wishes.slice(1).map(({ ref }) => ref)).toEqual([whole, byAddress]);
});

test('the names that are found are those that are watched and name the same invitation, after any number of others was watched and ended', () => {
  const anyRef = fc
    .tuple(
      fc.constantFrom<'US' | 'DE'>('US', 'DE'),
      fc.constantFrom('one', 'two', 'three'),
      fc.constantFrom(null, 'a@example.com', 'b@example.com'),
    )
    .map(([place, id, address]) => smartInviteRef(place, id, address));
  fc.assert(
    fc.property(fc.array(fc.tuple(anyRef, fc.boolean())), anyRef, (steps, asked) => {
      const { watcher } = start();
      const open = new Map<string, { ref: Ref; ends: (() => void)[] }>();
      for (const [ref, begins] of steps) {
        const one = open.get(ref.key) ?? { ref, ends: [] };
        open.set(ref.key, one);
        if (begins) one.ends.push(watcher.watch(ref));
        else one.ends.pop()?.();
      }
      const expected = [...open.values()].filter(({ ref, ends }) => ends.length > 0 && isSameInvitation(ref, asked));
      const keys = (refs: readonly Ref[]) => refs.map(({ key }) => key).toSorted();
      expect(keys(watcher.namesOf(asked))).toEqual(keys(expected.map(({ ref }) => ref)));
    }),
  );
});

test('after changes may have been missed, all that is watched is wanted', () => {
  const { watcher, wishes } = start();
  watcher.watch(a);
  watcher.watch(b);
  watcher.rereadAll();
  expect(wishes.map(({ ref }) => ref)).toEqual([a, b]);
});

test('what was put off because its changes are notified is reconsidered when notifications stop', () => {
  const { watcher, fallSilent, reconsidered } = start();
  watcher.watch(a);
  fallSilent();
  expect(reconsidered).toEqual([a]);
});
