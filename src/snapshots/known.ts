// What was last seen of each invitation, by this process or another, and whether what is seen now is news.

import { isDeepStrictEqual } from 'node:util';
import { type Invitation, momentOf, type Snapshot, snapshotOf } from '../invitation/invitation.ts';
import { ProviderUnauthorized } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { SharedSnapshot } from './codec.ts';
import type { Freshness } from './freshness.ts';
import { createStore, type Entry, type StoreLimits } from './store.ts';

export interface Known {
  get(key: string): Entry | undefined;
  /** Whether it is fresh at that time: by the caller's own wish, or where that is null by ours. */
  isFresh(entry: Entry, maxAgeMs: number | null, at: number): boolean;
  /**
   * @param snapshot Just read under `key`; null where there is no such invitation.
   * @param begunAt When that read began.
   * @returns false where something else was learnt meanwhile, and nobody can say which is newer: it is to be read again.
   */
  keep(key: string, ref: Ref, snapshot: Snapshot | null, begunAt: number): boolean;
  /** Keeps what another process has seen, where that is newer. */
  adopt(shared: SharedSnapshot): void;
  /** Lays over what is known something that is only probably true; it is stale until it is read. */
  overlay(ref: Ref, change: (invitation: Invitation) => Invitation, heardAt?: number): void;
  /** A read of it that began at `begunAt` has failed. */
  fail(key: string, error: unknown, isPassing: boolean, begunAt: number): void;
}

interface Times {
  readonly seenAt: number;
  readonly begunAt: number;
}

export interface KnownOptions extends Freshness, StoreLimits {
  /**
   * Told of the first state of an invitation, of every other one, and where what was shown as stale is confirmed;
   * `isNew` is false then.
   */
  readonly onChange?: (ref: Ref, snapshot: Snapshot, isNew: boolean) => void;
}

/** @param onKept Told of what was read, and when that read began, or when another process had it. */
export function createKnown(
  options: KnownOptions,
  now: () => number,
  onKept: (key: string, ref: Ref, begunAt: number) => void,
): Known {
  const store = createStore(options);

  function put(
    key: string,
    ref: Ref,
    snapshot: Snapshot | null,
    { seenAt, begunAt }: Times,
    before: Entry | undefined,
  ): void {
    store.set(key, entryOf(snapshot, seenAt));
    onKept(key, ref, begunAt);
    // A read with ICS answers one without, which has no use for the ICS.
    if (key !== ref.key) {
      store.set(ref.key, entryOf(snapshot && withoutIcalendar(snapshot), seenAt));
      onKept(ref.key, ref, begunAt);
    }
    if (snapshot === null) return;
    const isNew = !before?.snapshot || !isSame(before.snapshot, snapshot);
    if (isNew || before.hasFailed) options.onChange?.(ref, snapshot, isNew);
  }

  function entryOf(snapshot: Snapshot | null, seenAt: number): Entry {
    const foundMs = snapshot && (snapshot.isFinal ? options.finalMs : options.freshMs);
    return { snapshot, seenAt, freshMs: foundMs ?? options.notFoundMs, hasFailed: false };
  }

  return {
    get: (key) => store.get(key),
    isFresh({ snapshot, seenAt, freshMs }, maxAgeMs, at) {
      const ageMs = at - seenAt;
      if (maxAgeMs === null) return ageMs <= freshMs;
      // Who asks the provider itself is given nothing that is known: its read began before the question.
      if (maxAgeMs === 0) return false;
      // An age that is worked out from `observedAt` counts whole milliseconds.
      return Math.floor(ageMs) <= maxAgeMs && (snapshot !== null || ageMs <= freshMs);
    },
    keep(key, ref, snapshot, begunAt) {
      const before = store.get(ref.key);
      const learntAt = before && Math.max(before.seenAt, before.overlaidAt ?? before.seenAt);
      if (learntAt !== undefined && learntAt > begunAt && !isSame(before?.snapshot ?? null, snapshot)) return false;
      put(key, ref, snapshot, { seenAt: now(), begunAt }, before);
      return true;
    },
    adopt({ ref, invitation, observedAt }) {
      const before = store.get(ref.key);
      // The wall clock is the one that processes share; ours never goes back, so the age is what is carried over.
      const seenAt = now() - Math.max(0, Date.now() - observedAt);
      if (before !== undefined && before.seenAt >= seenAt) return;
      put(ref.key, ref, snapshotOf(invitation, momentOf(observedAt)), { seenAt, begunAt: seenAt }, before);
    },
    overlay(ref, change, heardAt = now()) {
      const entry = store.get(ref.key);
      if (!entry?.snapshot) return;
      const snapshot = snapshotOf(change(entry.snapshot), entry.snapshot.observedAt, true);
      if (isSame(snapshot, entry.snapshot)) return;
      store.set(ref.key, { ...entryOf(snapshot, entry.seenAt), hasFailed: true, overlaidAt: heardAt });
      options.onChange?.(ref, snapshot, true);
    },
    fail(key, error, isPassing, begunAt) {
      const entry = store.get(key);
      // What was seen since that read began is not made older by its failure.
      if (entry !== undefined && isPassing && entry.seenAt <= begunAt) entry.hasFailed = true;
      // Whoever asks next is told, too: an old answer must not hide that the gateway is no longer let in.
      if (error instanceof ProviderUnauthorized) store.delete(key);
    },
  };
}

/** The same without its ICS, which is mostly far longer than the rest. */
export function withoutIcalendar<I extends Invitation>(invitation: I): I {
  return invitation.type === 'SmartInvite' && invitation.attachments !== null
    ? { ...invitation, attachments: null }
    : invitation;
}

/** Whether two states are the same to whoever looks; the ICS is only there in reads that asked for it. */
function isSame(a: Snapshot | null, b: Snapshot | null): boolean {
  if (a === null || b === null) return a === b;
  const shown = (snapshot: Snapshot) => {
    return { ...snapshot, observedAt: null, isStale: null, attachments: null };
  };
  return isDeepStrictEqual(shown(a), shown(b));
}
