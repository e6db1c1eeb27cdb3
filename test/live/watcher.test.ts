// When the watcher wants a watched invitation to be read again, on a clock that the test sets.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Ref } from '../../src/invitation/ref.ts';
import type { DeliveryStatus } from '../../src/invitation/review-invitation.ts';
import { type Snapshot, snapshotOf, UNCONFIRMED } from '../../src/invitation/snapshot.ts';
import { createChanges } from '../../src/live/changes.ts';
import { createWatcher } from '../../src/live/watcher.ts';
import type { News } from '../../src/snapshots/known.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';
import { invite } from '../snapshots/source.ts';

const a = reviewInvitationRef('a');
const b = reviewInvitationRef('b');

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

let stop: (() => void) | undefined;
afterEach(() => stop?.());

function start(isNotified: (ref: Ref) => boolean = () => false) {
  const wishes: { ref: Ref; atSeconds: number; unlessWithinMs: number }[] = [];
  const silences: (() => void)[] = [];
  const startedAt = performance.now();
  const elapsed = () => Math.round((performance.now() - startedAt) / 1_000);
  const want = (ref: Ref, unlessWithinMs = 0) => void wishes.push({ ref, atSeconds: elapsed(), unlessWithinMs });
  const changes = createChanges();
  const watcher = createWatcher({
    snapshots: { want },
    changes,
    addresses: { isNotified, onSilent: (listener) => void silences.push(listener) },
  });
  stop = watcher.stop;
  return {
    watcher,
    /** As seen so many milliseconds ago. */
    publish: (ref: Ref, snapshot: Snapshot, news: News, agoMs = 0) =>
      changes.publish(ref, snapshot, news, performance.now() - agoMs),
    fallSilent: () => {
      for (const listener of silences) listener();
    },
    wishes,
    /** At which seconds `ref` was wanted. */
    secondsOf: (ref: Ref) => wishes.filter((wish) => wish.ref === ref).map(({ atSeconds }) => atSeconds),
    pass: (seconds: number) => void vi.advanceTimersByTime(seconds * 1_000),
  };
}

function seen(deliveryStatus: DeliveryStatus): Snapshot {
  return snapshotOf({ type: 'ReviewInvitation', invitationId: 'a', deliveryStatus, rawStatus: null }, new Date());
}

test('a watcher wants a read after five seconds, then ever more slowly, and at last once a minute', () => {
  const { watcher, secondsOf, pass } = start();
  watcher.watch(a);
  pass(600);
  const seconds = secondsOf(a);
  const gaps = seconds.map((second, n) => second - (seconds[n - 1] ?? 0));
  expect(gaps[0]).toBe(5);
  expect(gaps).toEqual(gaps.toSorted((one, other) => one - other));
  expect(gaps.at(-1)).toBe(60);
  expect(gaps.length).toBeLessThan(20);
});

test('a change makes the watcher want the next read after five seconds again', () => {
  const { watcher, publish, secondsOf, pass } = start();
  watcher.watch(a);
  pass(300);
  const before = secondsOf(a).length;
  publish(a, seen('SENT'), 'changed');
  pass(5);
  expect(secondsOf(a)).toHaveLength(before + 1);
  expect(secondsOf(a).at(-1)).toBe(305);
});

test('a change of an invitation that is not watched causes no read', () => {
  const { publish, wishes, pass } = start();
  publish(a, seen('SENT'), 'changed');
  pass(60);
  expect(wishes).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a final state ends the reads', () => {
  const { watcher, publish, wishes, pass } = start();
  const end = watcher.watch(a);
  publish(a, seen('DELIVERED'), 'changed');
  pass(600);
  expect(wishes).toEqual([]);
  expect(watcher.find(() => true)).toEqual([]);
  end();
  expect(vi.getTimerCount()).toBe(0);
});

test('the wanted reads end with the last watch, also where one is ended twice, and no timer stays', () => {
  const { watcher, secondsOf, pass } = start();
  const [first, second] = [watcher.watch(a), watcher.watch(a)];
  first();
  first();
  pass(5);
  expect(secondsOf(a)).toEqual([5]);
  second();
  pass(600);
  expect(secondsOf(a)).toEqual([5]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a former subscriber who leaves again does not end the reads of a later one', () => {
  const { watcher, secondsOf, pass } = start();
  const former = watcher.watch(a);
  former();
  watcher.watch(a);
  former();
  pass(5);
  expect(secondsOf(a)).toEqual([5]);
});

test('many subscribers to one invitation cause one wanted read', () => {
  const { watcher, secondsOf, pass } = start();
  for (let n = 0; n < 100; n++) watcher.watch(reviewInvitationRef('a'));
  watcher.watch(b);
  pass(5);
  expect(secondsOf(b)).toEqual([5]);
  expect(watcher.find(() => true)).toHaveLength(2);
});

test('an invitation with notifications is wanted every five minutes only', () => {
  const { watcher, secondsOf, pass } = start(() => true);
  watcher.watch(a);
  pass(1_000);
  const gaps = secondsOf(a).map((second, n, all) => second - (all[n - 1] ?? 0));
  expect(gaps.slice(1)).toEqual([300, 300, 300]);
});

test('the watcher wants reads as often as without notifications once the provider sends none', () => {
  let isWorking = true;
  const { watcher, fallSilent, secondsOf, pass } = start((ref) => isWorking || ref === b);
  watcher.watch(a);
  watcher.watch(b);
  pass(10);
  isWorking = false;
  fallSilent();
  pass(130);
  expect(secondsOf(a)).toEqual([5, 70, 130]);
  expect(secondsOf(b)).toEqual([5]);
});

test('a change that a read has found makes the watcher want the next read after five seconds', () => {
  const { watcher, publish, secondsOf, pass } = start();
  watcher.watch(a);
  pass(300);
  const before = secondsOf(a).length;
  publish(a, seen('SENT'), 'found');
  pass(5);
  expect(secondsOf(a)).toHaveLength(before + 1);
});

test('a read that confirms the known state does not make the watcher want a read sooner', () => {
  const { watcher, publish, secondsOf, pass } = start();
  watcher.watch(a);
  pass(300);
  const before = secondsOf(a).length;
  publish(a, seen('SENT'), 'confirmed');
  pass(5);
  expect(secondsOf(a)).toHaveLength(before);
});

test('an invitation with notifications is wanted after five seconds while its state is not confirmed', () => {
  const { watcher, publish, secondsOf, pass } = start(() => true);
  watcher.watch(a);
  publish(a, { ...seen('SENT'), staleness: UNCONFIRMED }, 'changed');
  pass(5);
  expect(secondsOf(a)).toEqual([5]);
  publish(a, seen('SENT'), 'confirmed');
  pass(299);
  expect(secondsOf(a)).toEqual([5]);
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
  // By a clock that is minutes ahead of ours.
  publish(byAddress, snapshotOf(invite('accepted'), new Date(Date.now() + 600_000)), 'changed', 300);
  expect(wishes).toEqual([{ ref: whole, atSeconds: 0, unlessWithinMs: 300 }]);
  // Also where the name that was read is not watched.
  publish(smartInviteRef('US', 'board', 'b@example.com'), snapshotOf(invite('accepted'), new Date()), 'changed');
  expect(wishes.slice(1).map(({ ref }) => ref)).toEqual([whole, byAddress]);
});

test('the watcher finds what is watched, and wants all of it after changes may have been missed', () => {
  const { watcher, wishes } = start();
  watcher.watch(a);
  watcher.watch(b);
  expect(watcher.find((ref) => ref === b)).toEqual([b]);
  watcher.rereadAll();
  expect(wishes.map(({ ref }) => ref)).toEqual([a, b]);
});

test('a stopped watcher wants no read', () => {
  const { watcher, wishes, pass } = start();
  watcher.watch(a);
  watcher.stop();
  pass(600);
  expect(wishes).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
