// What was last seen of an invitation by one of its names, and when; and what becomes of it when the provider notifies us.
// All times are milliseconds of a clock that never goes back.

import { type InvitationType, kindOf } from '../invitation/kinds.ts';
import type { Ref } from '../invitation/ref.ts';
import { type Snapshot, type Staleness, UNCONFIRMED } from '../invitation/snapshot.ts';

export interface Entry {
  readonly type: InvitationType;
  /** Null where the provider knew no such invitation. */
  readonly snapshot: Snapshot | null;
  /** Whether it was read with its extras, where its kind has any. */
  readonly withExtras: boolean;
  /** The invitation's key as a whole, whichever of its names this was seen by. */
  readonly whole: string;
  /** When the read began that has seen it: what has changed since may not be in it. */
  readonly begunAt: number;
  /** When it was seen: the end of that read. */
  readonly seenAt: number;
  /** When this state was first seen, and its class: states of one class change alike. */
  readonly sinceAt: number;
  readonly state: string;
  /** How often callers have looked at it since this was last taken into account. */
  looks: number;
  /** Its number among those that need not be read yet (resting.ts); -1 where it never was there. */
  restsAt: number;
  /** For how long it is fresh where the caller does not say, in milliseconds; less than nothing where it is old at any age. */
  readonly freshMs: number;
  /** Why it could not be read when it should have been; null where it was shown as fresh ever since. */
  staleness: Staleness | null;
  /** When a notification was received that it does not know of, or only by what that notification says. */
  readonly heardAt?: number;
  /** The last one that was read with extras, where this one was read without and says the same. */
  readonly lastWithExtras?: Entry | undefined;
}

/** Old at any age. */
const NEVER_FRESH = -1;

/** Whether a notification has made it old: it is not given where a newer one can be had. */
export function isOld({ freshMs }: Entry): boolean {
  return freshMs < 0;
}

/** The same, known to be older than a notification; as it is where it was read since. */
export function madeOld(entry: Entry, heardAt: number): Entry {
  const { snapshot, begunAt } = entry;
  const lastWithExtras = entry.lastWithExtras && madeOld(entry.lastWithExtras, heardAt);
  if (begunAt > heardAt) return lastWithExtras === entry.lastWithExtras ? entry : { ...entry, lastWithExtras };
  // Something has changed, whatever was said to change no more.
  const changing = snapshot && { ...snapshot, isFinal: false };
  return { ...entry, snapshot: changing, freshMs: NEVER_FRESH, heardAt, lastWithExtras };
}

/** When the newest of what it says was learnt. */
export function learntAtOf({ seenAt, heardAt = seenAt }: Entry): number {
  return Math.max(seenAt, heardAt);
}

/** The entry, or the last one with extras where these are wanted and its kind has any. */
export function withThem(entry: Entry | undefined, ref: Ref, withExtras: boolean): Entry | undefined {
  if (!withExtras || entry === undefined || entry.withExtras || entry.snapshot === null) return entry;
  return kindOf(ref).extras === null ? entry : entry.lastWithExtras;
}

/** That a state was notified and not yet read stays the reason, whatever reads of it fail with. */
export function markStale(entry: Entry, staleness: Staleness): void {
  if (entry.staleness !== UNCONFIRMED) entry.staleness = staleness;
}
