// What was last seen of each invitation, by this process or another ("not found" by this one alone), and whether what is
// seen now is news.

import { type Invitation, kindOf } from '../invitation/kinds.ts';
import { ProviderUnauthorized } from '../invitation/problem.ts';
import { type Ref, wholeKeyOf } from '../invitation/ref.ts';
import { isSame, momentOf, type Snapshot, type Staleness, snapshotOf, UNCONFIRMED } from '../invitation/snapshot.ts';
import type { SharedSnapshot } from './codec.ts';
import { type Entry, isOld, learntAtOf, madeOld, markStale, withThem } from './entry.ts';
import type { Freshness } from './freshness.ts';
import { createNotices } from './notices.ts';
import type { Reading } from './reading.ts';
import { classOf } from './state-class.ts';
import { createStore } from './store.ts';
import { createStoreSpace, type StoreLimits, type StoreSpace } from './store-space.ts';

export interface Known {
  /** What is known of it, for a caller: with extras where these are wanted and its kind has any. */
  find(ref: Ref, withExtras: boolean): Entry | undefined;
  /** The same for the process itself, which does not count as asking for it. */
  peek(ref: Ref, withExtras: boolean): Entry | undefined;
  /** Whether it is fresh at that time: by the caller's own wish, or where that is null by ours. */
  isFresh(entry: Entry, maxAgeMs: number | null, at: number): boolean;
  /** Keeps what was just read. */
  keep(ref: Ref, seen: Seen): Verdict;
  /** Keeps what another process has seen. */
  adopt(shared: SharedSnapshot): Verdict;
  /** A notification of it was received then: what is known by any of its names is old, and so is what a read brings that began before. */
  hear(ref: Ref, heardAt: number): void;
  /** Notifications may have been missed until now: what was said to change no more may have changed. */
  miss(): void;
  /** Whether it is fresh only because it is final, and a notification to the contrary may have been missed. */
  isDoubtful(entry: Entry): boolean;
  /** When a notification of it was last received; -Infinity where there was none lately. */
  heardAtOf(ref: Ref): number;
  /** Applies to what is known by this name a change that is only probably true; it is stale until it is read. */
  overlay(ref: Ref, change: (invitation: Invitation) => Invitation, heardAt?: number): void;
  /** A read that began at `begunAt` has failed, or took too long: what is known is shown in its place. */
  fail(reading: Reading, staleness: Staleness, begunAt: number): void;
  /** A read was refused: what is known is shown no longer where the gateway's credentials were refused. */
  refuse(reading: Reading, error: unknown): void;
  /** Tells of all that becomes of entries. */
  listen(listener: KnownListener): void;
  /** Nothing more is kept. */
  stop(): void;
}

export interface KnownListener {
  /** Callers have looked at an entry: the first time, and whenever they have twice as often. */
  looked(ref: Ref, entry: Entry): void;
  /** A read has seen it. */
  seen(seen: Sight): void;
  /** Without a read, an entry has taken the place of another one. */
  replaced(key: string, entry: Entry): void;
  forgotten(key: string): void;
}

/** What a read has seen, and what was known before. */
export interface Sight {
  readonly ref: Ref;
  readonly before: Entry | undefined;
  readonly entry: Entry;
  /** Not by another process. */
  readonly byUs: boolean;
  /** For a caller that waited for it. */
  readonly isForCaller: boolean;
}

/**
 * What becomes of what a read has brought. `outdated`: it is known to be older than what is known, or than a notification.
 * `unclear`: another state was learnt while it was read, so that it is unknown which is newer; it is to be read again.
 */
export type Verdict = 'kept' | 'outdated' | 'unclear';

/** What a read has brought. */
export interface Seen {
  /** Null where there is no such invitation. */
  readonly snapshot: Snapshot | null;
  readonly withExtras: boolean;
  /** When the read began. */
  readonly begunAt: number;
  /** A caller waited for it. */
  readonly isForCaller: boolean;
}

/**
 * What becomes known: the first state, or one that a notification told of (`changed`); another state than before, of which
 * no notification told (`found`); or the same one where it was shown as stale (`confirmed`).
 */
export type News = 'changed' | 'found' | 'confirmed';

export interface KnownOptions extends Freshness, StoreLimits {
  /** Where others share the limits. */
  readonly space?: StoreSpace;
  /** Told of all news. @param seenAt When it was seen, on the clock that never goes back. */
  readonly onChange?: (ref: Ref, snapshot: Snapshot, news: News, seenAt: number) => void;
  /** Whether the provider's notifications of it arrive. Default: none do. */
  readonly isNotified?: (ref: Ref) => boolean;
}

export function createKnown(options: KnownOptions, now: () => number): Known {
  // What may still be given is not forgotten, whichever of the two is set to be longer.
  const { space = createStoreSpace(options) } = options;
  const forgetMs = Math.max(options.finalMs, options.staleMs);
  const store = createStore(space, forgetMs, now, (key) => listener?.forgotten(key));
  let listener: KnownListener | undefined;

  const notices = createNotices(now);
  let missedAt = Number.NEGATIVE_INFINITY;

  function put(sighting: Sighting, before: Entry | undefined): void {
    const { ref, whole, snapshot, withExtras, begunAt, seenAt, sinceAt = seenAt, byUs, isForCaller } = sighting;
    const isSameAsBefore = snapshot !== null && !!before?.snapshot && isSame(before.snapshot, snapshot);
    const lastWithExtras = before?.withExtras ? before : before?.lastWithExtras;
    const entry: Entry = {
      snapshot,
      withExtras,
      whole,
      begunAt,
      seenAt,
      sinceAt: isSameAsBefore ? Math.min(before.sinceAt, sinceAt) : sinceAt,
      state: snapshot === null ? '' : classOf(snapshot, options.isNotified?.(ref) ?? false),
      looks: 0,
      freshMs: freshMsOf(snapshot),
      staleness: null,
      lastWithExtras: isSameAsBefore && !withExtras ? lastWithExtras : undefined,
    };
    store.set(ref.key, entry, byUs);
    // One that is too large is not kept.
    if (store.peek(ref.key) === entry) listener?.seen({ ref, before, entry, byUs, isForCaller });
    if (snapshot === null) return;
    if (!isSameAsBefore && !snapshot.isFinal) denyFinal(ref, entry);
    if (!isSameAsBefore) options.onChange?.(ref, snapshot, isUnannounced(before) ? 'found' : 'changed', seenAt);
    else if (before.staleness !== null) options.onChange?.(ref, snapshot, 'confirmed', seenAt);
  }

  function replace(key: string, entry: Entry): void {
    store.set(key, entry, false);
    listener?.replaced(key, entry);
  }

  /** It changes still, so that what was said to be final before, by another name, is old. */
  function denyFinal(ref: Ref, { whole, begunAt }: Pick<Entry, 'whole' | 'begunAt'>): void {
    for (const key of store.keysOf(whole)) {
      const entry = key === ref.key ? undefined : store.peek(key);
      if (entry?.snapshot?.isFinal) replace(key, madeOld(entry, begunAt));
    }
  }

  function freshMsOf(snapshot: Snapshot | null): number {
    if (snapshot === null) return options.notFoundMs;
    return snapshot.isFinal ? options.finalMs : options.freshMs;
  }

  return {
    find(ref, withExtras) {
      const entry = store.get(ref.key);
      if (entry === undefined) return undefined;
      const looks = ++entry.looks;
      if ((looks & (looks - 1)) === 0) listener?.looked(ref, entry);
      return withThem(entry, ref, withExtras);
    },
    peek: (ref, withExtras) => withThem(store.peek(ref.key), ref, withExtras),
    isFresh(entry, maxAgeMs, at) {
      const { snapshot, seenAt, freshMs } = entry;
      const ageMs = at - seenAt;
      if (maxAgeMs === null) return ageMs <= freshMs;
      // A caller that asks the provider itself gets nothing that is known: its read began before the question.
      if (maxAgeMs === 0 || isOld(entry)) return false;
      // An age that is worked out from `observedAt` counts whole milliseconds.
      return Math.floor(ageMs) <= maxAgeMs && (snapshot !== null || ageMs <= freshMs);
    },
    keep(ref, { snapshot, withExtras, begunAt, isForCaller }) {
      const whole = wholeKeyOf(ref);
      if (notices.lastOf(whole) > begunAt) return 'outdated';
      const before = store.get(ref.key);
      const isUnclear = before !== undefined && learntAtOf(before) > begunAt && !isSame(before.snapshot, snapshot);
      if (isUnclear) return 'unclear';
      put({ ref, whole, snapshot, withExtras, begunAt, seenAt: now(), byUs: true, isForCaller }, before);
      return 'kept';
    },
    adopt({ ref, invitation, observedAt, begunAt, seenAt, sinceAt }) {
      const whole = wholeKeyOf(ref);
      if (notices.lastOf(whole) > begunAt) return 'outdated';
      const before = store.peek(ref.key);
      if (before !== undefined && before.begunAt >= seenAt) return 'outdated';
      const snapshot = snapshotOf(invitation, momentOf(observedAt));
      // The two reads overlap in time.
      const isUnclear = before !== undefined && learntAtOf(before) > begunAt && !isSame(before.snapshot, snapshot);
      if (isUnclear) return 'unclear';
      if (before !== undefined && before.seenAt >= seenAt) return 'outdated';
      const byOthers = { withExtras: false, byUs: false, isForCaller: false };
      put(
        { ref, whole, snapshot, begunAt, seenAt, ...(sinceAt === undefined ? {} : { sinceAt }), ...byOthers },
        before,
      );
      return 'kept';
    },
    hear(ref, heardAt) {
      const whole = wholeKeyOf(ref);
      notices.note(whole, heardAt);
      for (const key of store.keysOf(whole)) {
        const entry = store.peek(key);
        if (entry !== undefined) replace(key, madeOld(entry, heardAt));
      }
    },
    miss() {
      missedAt = now();
    },
    isDoubtful: ({ snapshot, seenAt }) =>
      seenAt <= missedAt && !!snapshot?.isFinal && kindOf(snapshot).callbackUrlOf(snapshot) !== null,
    heardAtOf: (ref) => notices.lastOf(wholeKeyOf(ref)),
    overlay(ref, change, heardAt = now()) {
      const entry = store.peek(ref.key);
      if (!entry?.snapshot || entry.begunAt > heardAt) return;
      // What is not confirmed is not the last word.
      const before = { ...entry.snapshot, isFinal: false };
      const confirmed = before.confirmed ?? before;
      const snapshot = { ...snapshotOf(change(before), before.observedAt, UNCONFIRMED), isFinal: false, confirmed };
      if (isSame(snapshot, before)) return;
      const freshMs = freshMsOf(snapshot);
      replace(ref.key, { ...entry, snapshot, freshMs, staleness: UNCONFIRMED, heardAt, lastWithExtras: undefined });
      options.onChange?.(ref, snapshot, 'changed', entry.seenAt);
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
      if (withExtras && entry && !entry.withExtras) replace(ref.key, { ...entry, lastWithExtras: undefined });
      else store.delete(ref.key);
    },
    listen(told) {
      listener = told;
    },
    stop: store.stop,
  };
}

interface Sighting extends Omit<Seen, 'snapshot'> {
  readonly ref: Ref;
  readonly whole: string;
  readonly snapshot: Snapshot | null;
  readonly seenAt: number;
  /** When another process has first seen this state, where it says so. */
  readonly sinceAt?: number;
  readonly byUs: boolean;
}

/** Whether no notification came between this state and another one that a read has found. */
function isUnannounced(before: Entry | undefined): boolean {
  return !!before?.snapshot && before.heardAt === undefined;
}
