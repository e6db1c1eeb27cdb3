// What a read has seen of an invitation, what becomes of that, and who is told.

import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { Entry } from './entry.ts';

export interface KnownListener {
  /** Callers have looked at an entry: the first time, and whenever they have twice as often. */
  looked(ref: Ref, entry: Entry): void;
  /** A read has seen it. */
  seen(seen: Sight): void;
  /** Without a read, an entry has taken the place of another one. */
  replaced(key: string, entry: Entry, before: Entry | undefined): void;
  /** The last entry of this key is given no more. */
  forgotten(key: string, entry: Entry): void;
}

/** What a read has seen, and what was known before. */
export interface Sight {
  readonly ref: Ref;
  readonly before: Entry | undefined;
  readonly entry: Entry;
  /** Whether it says the same as what was known before. */
  readonly isSame: boolean;
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
