// What was last seen of each invitation, by this process or another ("not found" by this one alone), and whether what is
// seen now is news.

import { ProviderUnauthorized } from '../invitation/problem.ts';
import { type Ref, refOf, wholeKeyOf } from '../invitation/ref.ts';
import { isSame, momentOf, type Snapshot, type Staleness, snapshotOf } from '../invitation/snapshot.ts';
import type { SharedSnapshot } from './codec.ts';
import { type Entry, isOld, learntAtOf, markStale, withThem } from './entry.ts';
import type { Freshness } from './freshness.ts';
import { createHeard, type Heard } from './heard.ts';
import type { Reading } from './reading.ts';
import type { KnownListener, News, Seen, Verdict } from './sight.ts';
import { classOf, classOfNone } from './state-class.ts';
import { createStore } from './store.ts';
import { createStoreSpace, type StoreLimits, type StoreSpace } from './store-space.ts';

export interface Known extends Heard {
  /** What is known of it, for a caller: with extras where these are wanted and its kind has any. */
  find(ref: Ref, withExtras: boolean): Entry | undefined;
  /** The same for the process itself, which does not count as asking for it. */
  peek(ref: Ref, withExtras: boolean): Entry | undefined;
  /** When this very state was seen, by whichever name; undefined where it is known no more. */
  seenAtOf(snapshot: Snapshot): number | undefined;
  /** Whether it is fresh at that time: by the caller's own wish, or where that is null by ours. */
  isFresh(entry: Entry, maxAgeMs: number | null, at: number): boolean;
  /** Keeps what was just read. */
  keep(ref: Ref, seen: Seen): Verdict;
  /** Keeps what another process has seen. */
  adopt(shared: SharedSnapshot): Verdict;
  /** A read that began at `begunAt` has failed, or took too long: what is known is shown in its place. */
  fail(reading: Reading, staleness: Staleness, begunAt: number): void;
  /** A read was refused: what is known is shown no longer where the gateway's credentials were refused. */
  refuse(reading: Reading, error: unknown): void;
  /** Tells of all that becomes of entries. */
  listen(listener: KnownListener): void;
  /** Nothing more is kept. */
  stop(): void;
}

export interface KnownOptions extends Freshness, StoreLimits {
  /** Where others share the limits. */
  readonly space?: StoreSpace;
  /** Told of all news. @param seenAt When it was seen, on the clock that never goes back. */
  readonly onChange?: (ref: Ref, snapshot: Snapshot, news: News, seenAt: number) => void;
  /** Whether the provider's notifications of it arrive. Default: none do. */
  readonly isNotified?: (snapshot: Snapshot) => boolean;
}

export function createKnown(options: KnownOptions, now: () => number): Known {
  // What may still be given is not forgotten, whichever of the two is set to be longer.
  const { space = createStoreSpace(options) } = options;
  const forgetMs = Math.max(options.finalMs, options.staleMs);
  const store = createStore(space, forgetMs, now, (key, last) => listener?.forgotten(key, last));
  let listener: KnownListener | undefined;
  const heard = createHeard(store, { replace, freshMsOf, stateOf, now, onChange: options.onChange });

  function put(sighting: Sighting, before: Entry | undefined): void {
    const { ref, whole, snapshot, withExtras, begunAt, seenAt, sinceAt = seenAt, byUs, isForCaller } = sighting;
    const isSameAsBefore = before !== undefined && isSame(before.snapshot, snapshot);
    const lastWithExtras = before?.withExtras ? before : before?.lastWithExtras;
    const entry: Entry = {
      type: ref.type,
      snapshot,
      withExtras,
      whole,
      begunAt,
      seenAt,
      sinceAt: isSameAsBefore ? Math.min(before.sinceAt, sinceAt) : sinceAt,
      state: snapshot === null ? classOfNone(ref.type) : stateOf(snapshot),
      looks: 0,
      restsAt: -1,
      freshMs: freshMsOf(snapshot),
      staleness: null,
      lastWithExtras: isSameAsBefore && !withExtras ? lastWithExtras : undefined,
    };
    if (store.set(ref.key, entry, byUs))
      listener?.seen({ ref, before, entry, isSame: isSameAsBefore, byUs, isForCaller });
    if (snapshot === null) return;
    if (!isSameAsBefore && !snapshot.isFinal) heard.denyFinal(ref, entry);
    if (!isSameAsBefore) options.onChange?.(ref, snapshot, isUnannounced(before) ? 'found' : 'changed', seenAt);
    else if (before.staleness !== null) options.onChange?.(ref, snapshot, 'confirmed', seenAt);
  }

  function replace(key: string, entry: Entry): void {
    const before = store.peek(key);
    store.set(key, entry, false);
    listener?.replaced(key, entry, before);
  }

  function stateOf(snapshot: Snapshot): string {
    return classOf(snapshot, options.isNotified?.(snapshot) ?? false);
  }

  function freshMsOf(snapshot: Snapshot | null): number {
    if (snapshot === null) return options.notFoundMs;
    return snapshot.isFinal ? options.finalMs : options.freshMs;
  }

  return {
    ...heard,
    find(ref, withExtras) {
      const entry = store.get(ref.key);
      if (entry === undefined) return undefined;
      const looks = ++entry.looks;
      if ((looks & (looks - 1)) === 0) listener?.looked(ref, entry);
      return withThem(entry, ref, withExtras);
    },
    seenAtOf(snapshot) {
      const entries = store.keysOf(wholeKeyOf(refOf(snapshot))).map((key) => store.peek(key));
      return entries.find((entry) => entry?.snapshot === snapshot)?.seenAt;
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
      if (heard.heardAtOf(ref) > begunAt) return 'outdated';
      const before = store.get(ref.key);
      const isUnclear = before !== undefined && learntAtOf(before) > begunAt && !isSame(before.snapshot, snapshot);
      if (isUnclear) return 'unclear';
      put({ ref, whole, snapshot, withExtras, begunAt, seenAt: now(), byUs: true, isForCaller }, before);
      return 'kept';
    },
    adopt({ ref, invitation, observedAt, begunAt, seenAt, sinceAt }) {
      const whole = wholeKeyOf(ref);
      if (heard.heardAtOf(ref) > begunAt) return 'outdated';
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
