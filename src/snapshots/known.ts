// What was last seen of each invitation, by this process or another ("not found" by this one alone), and whether what is
// seen now is news.

import { isDeepStrictEqual } from 'node:util';
import { type Invitation, kindOf } from '../invitation/kinds.ts';
import { ProviderUnauthorized } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import {
  momentOf,
  type Snapshot,
  type Staleness,
  snapshotOf,
  UNCONFIRMED,
  withoutExtras,
} from '../invitation/snapshot.ts';
import type { SharedSnapshot } from './codec.ts';
import type { Freshness } from './freshness.ts';
import type { Reading } from './reading.ts';
import { createStore, type Entry, type StoreLimits } from './store.ts';

export interface Known {
  /** What is known of it, for a caller: with extras where these are wanted and its kind has any. */
  find(ref: Ref, withExtras: boolean): Entry | undefined;
  /** The same for the process itself, which does not count as asking for it. */
  peek(ref: Ref, withExtras: boolean): Entry | undefined;
  /** Whether it is fresh at that time: by the caller's own wish, or where that is null by ours. */
  isFresh(entry: Entry, maxAgeMs: number | null, at: number): boolean;
  /**
   * Keeps what was just read.
   * @returns false where another state was learnt after the read began: which one is newer is unknown, and it is to be
   * read again.
   */
  keep(ref: Ref, seen: Seen): boolean;
  /** Keeps what another process has seen. @returns false where a state at least as new is known here. */
  adopt(shared: SharedSnapshot): boolean;
  /** Applies to what is known a change that is only probably true; it is stale until it is read. */
  overlay(ref: Ref, change: (invitation: Invitation) => Invitation, heardAt?: number): void;
  /** A read that began at `begunAt` has failed, or took too long: what is known is shown in its place. */
  fail(reading: Reading, staleness: Staleness, begunAt: number): void;
  /** A read was refused: what is known is shown no longer where the gateway's credentials were refused. */
  refuse(reading: Reading, error: unknown): void;
  /** Stops the timer that frees entries. */
  stop(): void;
}

/** What a read has brought. */
export interface Seen {
  /** Null where there is no such invitation. */
  readonly snapshot: Snapshot | null;
  readonly withExtras: boolean;
  /** When the read began. */
  readonly begunAt: number;
}

/** What becomes known: another state than before, or the same one where it was shown as stale. */
export type News = 'changed' | 'confirmed';

export interface KnownOptions extends Freshness, StoreLimits {
  /** Told of the first state of an invitation, and of all news. */
  readonly onChange?: (ref: Ref, snapshot: Snapshot, news: News) => void;
}

/** How often entries that are no longer asked for are freed, in milliseconds. */
const PURGE_MS = 60_000;

export function createKnown(options: KnownOptions, now: () => number): Known {
  // What may still be given is not forgotten, whichever of the two is set to be longer.
  const store = createStore(options, Math.max(options.finalMs, options.staleMs), now);
  const purging = setInterval(() => store.purgeStale(), PURGE_MS).unref();

  function put({ ref, snapshot, withExtras, seenAt }: Sighting, before: Entry | undefined, isAsked: boolean): void {
    const isSameAsBefore = snapshot !== null && !!before?.snapshot && isSame(before.snapshot, snapshot);
    const lastWithExtras = before?.withExtras ? before : before?.lastWithExtras;
    const entry = { snapshot, withExtras, seenAt, freshMs: freshMsOf(snapshot), staleness: null };
    const isCarried = isSameAsBefore && !withExtras && lastWithExtras !== undefined;
    store.set(ref.key, isCarried ? { ...entry, lastWithExtras } : entry, { noUpdateTTL: !isAsked });
    if (snapshot === null) return;
    if (!isSameAsBefore) options.onChange?.(ref, snapshot, 'changed');
    else if (before.staleness !== null) options.onChange?.(ref, snapshot, 'confirmed');
  }

  function freshMsOf(snapshot: Snapshot | null): number {
    if (snapshot === null) return options.notFoundMs;
    return snapshot.isFinal ? options.finalMs : options.freshMs;
  }

  return {
    find: (ref, withExtras) => withThem(store.get(ref.key), ref, withExtras),
    peek: (ref, withExtras) => withThem(store.peek(ref.key), ref, withExtras),
    isFresh({ snapshot, seenAt, freshMs }, maxAgeMs, at) {
      const ageMs = at - seenAt;
      if (maxAgeMs === null) return ageMs <= freshMs;
      // A caller that asks the provider itself gets nothing that is known: its read began before the question.
      if (maxAgeMs === 0) return false;
      // An age that is worked out from `observedAt` counts whole milliseconds.
      return Math.floor(ageMs) <= maxAgeMs && (snapshot !== null || ageMs <= freshMs);
    },
    keep(ref, { snapshot, withExtras, begunAt }) {
      const before = store.get(ref.key);
      const learntAt = before && Math.max(before.seenAt, before.overlaidAt ?? before.seenAt);
      if (learntAt !== undefined && learntAt > begunAt && !isSame(before?.snapshot ?? null, snapshot)) return false;
      put({ ref, snapshot, withExtras, seenAt: now() }, before, true);
      return true;
    },
    adopt({ ref, invitation, observedAt }) {
      const before = store.peek(ref.key);
      // The wall clock is the one that processes share; ours never goes back, so the age is what is carried over.
      const seenAt = now() - Math.max(0, Date.now() - observedAt);
      if (before !== undefined && before.seenAt >= seenAt) return false;
      const snapshot = snapshotOf(invitation, momentOf(observedAt));
      put({ ref, snapshot, withExtras: false, seenAt }, before, false);
      return true;
    },
    overlay(ref, change, heardAt = now()) {
      const entry = store.peek(ref.key);
      if (!entry?.snapshot) return;
      const snapshot = snapshotOf(change(entry.snapshot), entry.snapshot.observedAt, UNCONFIRMED);
      if (isSame(snapshot, entry.snapshot)) return;
      const { withExtras, seenAt } = entry;
      const freshMs = freshMsOf(snapshot);
      const overlaid = { snapshot, withExtras, seenAt, freshMs, staleness: UNCONFIRMED, overlaidAt: heardAt };
      store.set(ref.key, overlaid, { noUpdateTTL: true });
      options.onChange?.(ref, snapshot, 'changed');
    },
    fail({ ref, withExtras }, staleness, begunAt) {
      const entry = withThem(store.peek(ref.key), ref, withExtras);
      // What was seen since that read began is not made older by its failure.
      if (entry !== undefined && entry.seenAt <= begunAt) markStale(entry, staleness);
    },
    refuse({ ref, withExtras }, error) {
      // The next caller gets the error too: an old answer must not hide that the provider refuses the gateway's credentials.
      if (!(error instanceof ProviderUnauthorized)) return;
      const entry = store.peek(ref.key);
      // Without extras it may still be let in.
      if (withExtras && entry && !entry.withExtras) store.set(ref.key, { ...entry, lastWithExtras: undefined });
      else store.delete(ref.key);
    },
    stop: () => clearInterval(purging),
  };
}

interface Sighting {
  readonly ref: Ref;
  readonly snapshot: Snapshot | null;
  readonly withExtras: boolean;
  readonly seenAt: number;
}

/** The entry, or the last one with extras where these are wanted and its kind has any. */
function withThem(entry: Entry | undefined, ref: Ref, withExtras: boolean): Entry | undefined {
  if (!withExtras || entry === undefined || entry.withExtras || entry.snapshot === null) return entry;
  return kindOf(ref).extras === null ? entry : entry.lastWithExtras;
}

/** That a state was notified and not yet read stays the reason, whatever reads of it fail with. */
export function markStale(entry: Entry, staleness: Staleness): void {
  if (entry.staleness !== UNCONFIRMED) entry.staleness = staleness;
}

/** Whether callers see two states as the same; extras are not compared, because only reads that ask for them have them. */
function isSame(a: Snapshot | null, b: Snapshot | null): boolean {
  if (a === null || b === null) return a === b;
  const shown = (snapshot: Snapshot) => ({ ...withoutExtras(snapshot), observedAt: null, staleness: null });
  return isDeepStrictEqual(shown(a), shown(b));
}
