// What a notification does to what is known: by any of its names the invitation is old from then on, and may be shown as the
// notification says until a read confirms it. A read that began before the notification brings nothing that counts.

import { type Invitation, kindOf } from '../invitation/kinds.ts';
import { type Ref, wholeKeyOf } from '../invitation/ref.ts';
import { isSame, type Snapshot, snapshotOf, UNCONFIRMED } from '../invitation/snapshot.ts';
import { type Entry, madeOld } from './entry.ts';
import { createNotices } from './notices.ts';
import type { News } from './sight.ts';
import type { Store } from './store.ts';

export interface Heard {
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
  /** It was seen to change still, so that what was said to be final before, by another name, is old. */
  denyFinal(ref: Ref, seen: Pick<Entry, 'whole' | 'begunAt'>): void;
}

export interface HeardOptions {
  /** An entry takes the place of another one, without a read. */
  readonly replace: (key: string, entry: Entry) => void;
  /** For how long it is fresh. */
  readonly freshMsOf: (snapshot: Snapshot) => number;
  /** The class of its state. */
  readonly stateOf: (snapshot: Snapshot) => string;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly onChange: ((ref: Ref, snapshot: Snapshot, news: News, seenAt: number) => void) | undefined;
}

export function createHeard(store: Store, { replace, freshMsOf, stateOf, now, onChange }: HeardOptions): Heard {
  const notices = createNotices(now);
  let missedAt = Number.NEGATIVE_INFINITY;

  return {
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
      seenAt <= missedAt && !!snapshot?.isFinal && kindOf(snapshot).callbackOf(snapshot) !== null,
    heardAtOf: (ref) => notices.lastOf(wholeKeyOf(ref)),
    overlay(ref, change, heardAt = now()) {
      const entry = store.peek(ref.key);
      if (!entry?.snapshot || entry.begunAt > heardAt) return;
      // What is not confirmed is not the last word.
      const before = { ...entry.snapshot, isFinal: false };
      const confirmed = before.confirmed ?? before;
      const snapshot = { ...snapshotOf(change(before), before.observedAt, UNCONFIRMED), isFinal: false, confirmed };
      if (isSame(snapshot, before)) return;
      replace(ref.key, {
        ...entry,
        snapshot,
        sinceAt: heardAt,
        state: stateOf(snapshot),
        freshMs: freshMsOf(snapshot),
        staleness: UNCONFIRMED,
        heardAt,
        lastWithExtras: undefined,
      });
      onChange?.(ref, snapshot, 'changed', entry.seenAt);
    },
    denyFinal(ref, { whole, begunAt }) {
      for (const key of store.keysOf(whole)) {
        const entry = key === ref.key ? undefined : store.peek(key);
        if (entry?.snapshot?.isFinal) replace(key, madeOld(entry, begunAt));
      }
    },
  };
}
