// What was last seen of each invitation, by this process or another, and whether what is seen now is news.

import { isDeepStrictEqual } from 'node:util';
import { type Invitation, isFinal, type Snapshot, snapshotOf } from '../invitation/invitation.ts';
import { ProviderUnauthorized } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { SharedSnapshot } from './codec.ts';
import type { Freshness } from './freshness.ts';
import { createStore, type Entry, type StoreLimits } from './store.ts';

export interface Known {
  get(key: string): Entry | undefined;
  /** Up to which age it is fresh, in milliseconds. */
  freshMsOf(entry: Entry): number;
  /** @param snapshot Just read under `key`; null where there is no such invitation. */
  keep(key: string, ref: Ref, snapshot: Snapshot | null): void;
  /** Keeps what another process has seen, where that is newer. @returns what is known now. */
  adopt(shared: SharedSnapshot): Entry;
  /** Lays over what is known something that is only probably true; it is stale until it is read. */
  overlay(ref: Ref, change: (invitation: Invitation) => Invitation): void;
  /** A read of it has failed. */
  fail(key: string, error: unknown, isPassing: boolean): void;
}

export interface KnownOptions extends Freshness, StoreLimits {
  /** Told of every state of an invitation that differs from the one before, and of the first. */
  readonly onChange?: (ref: Ref, snapshot: Snapshot) => void;
}

/** @param onKept Told of what need not be read again. */
export function createKnown(options: KnownOptions, now: () => number, onKept: (key: string, ref: Ref) => void): Known {
  const store = createStore(options);

  function put(key: string, ref: Ref, entry: Entry): void {
    const before = store.get(ref.key);
    store.set(key, entry);
    onKept(key, ref);
    // A read with ICS answers one without.
    if (key !== ref.key) {
      store.set(ref.key, entry);
      onKept(ref.key, ref);
    }
    const { snapshot } = entry;
    if (snapshot === null) return;
    // What was shown as stale is told again when it is confirmed.
    if (!before?.snapshot || before.hasFailed || !isSame(before.snapshot, snapshot)) options.onChange?.(ref, snapshot);
  }

  return {
    get: (key) => store.get(key),
    freshMsOf({ snapshot }) {
      if (snapshot === null) return options.notFoundMs;
      return isFinal(snapshot) ? options.finalMs : options.freshMs;
    },
    keep: (key, ref, snapshot) => put(key, ref, { snapshot, seenAt: now(), hasFailed: false }),
    adopt({ ref, invitation, observedAt }) {
      const before = store.get(ref.key);
      // The wall clock is the one that processes share; ours never goes back, so the age is what is carried over.
      const seenAt = now() - Math.max(0, Date.now() - observedAt);
      if (before !== undefined && before.seenAt >= seenAt) return before;
      const entry = { snapshot: snapshotOf(invitation, new Date(observedAt)), seenAt, hasFailed: false };
      put(ref.key, ref, entry);
      return entry;
    },
    overlay(ref, change) {
      const entry = store.get(ref.key);
      if (!entry?.snapshot) return;
      const snapshot = snapshotOf(change(entry.snapshot), entry.snapshot.observedAt, true);
      if (isSame(snapshot, entry.snapshot)) return;
      store.set(ref.key, { ...entry, snapshot, hasFailed: true });
      options.onChange?.(ref, snapshot);
    },
    fail(key, error, isPassing) {
      const entry = store.get(key);
      if (entry !== undefined && isPassing) entry.hasFailed = true;
      // Whoever asks next is told, too: an old answer must not hide that the gateway is no longer let in.
      if (error instanceof ProviderUnauthorized) store.delete(key);
    },
  };
}

/** Whether two states are the same to whoever looks; the ICS is only there in reads that asked for it. */
function isSame(a: Snapshot, b: Snapshot): boolean {
  const shown = (snapshot: Snapshot) => {
    return { ...snapshot, observedAt: null, isStale: null, attachments: null, isFinal: isFinal(snapshot) };
  };
  return isDeepStrictEqual(shown(a), shown(b));
}
