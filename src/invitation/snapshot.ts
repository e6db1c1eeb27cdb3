// An invitation as it was last observed: what was read, the fields that every kind has, and whether it is stale.

import { isDeepStrictEqual } from 'node:util';
import type { InvitationStatus } from './kind.ts';
import { type Invitation, type InvitationType, kindOf } from './kinds.ts';
import { externalIdOf, globalIdOf } from './ref.ts';

/** An invitation as last observed. The fields that every kind has are computed once, because they are given many times. */
export type Snapshot<Type extends InvitationType = InvitationType> = Invitation<Type> & {
  /** The global id: see `globalIdOf`. */
  readonly id: string;
  /** The provider's id, as it was asked for; not unique alone. */
  readonly externalId: string;
  readonly status: InvitationStatus;
  /** The provider's own word, where it said one for the whole. */
  readonly rawStatus: string | null;
  /** Nothing more will change. */
  readonly isFinal: boolean;
  /** When the provider told us this. */
  readonly observedAt: Date;
  /** Why this is older, or less certain, than was wanted; null where it is neither. */
  readonly staleness: Staleness | null;
  /** Where a notification has changed it: what it was before, as it was read. Null where it is as it was read. */
  readonly confirmed: Snapshot<Type> | null;
};

/**
 * RATE_LIMITED: there was no quota, the provider answered 429, or too many calls wait for it. TIMEOUT: its answer took too
 * long. UNAVAILABLE: it is failing, or cannot be reached. UNCONFIRMED: a notification says so, and no read has confirmed it.
 */
export type StalenessReason = 'RATE_LIMITED' | 'TIMEOUT' | 'UNAVAILABLE' | 'UNCONFIRMED';

export interface Staleness {
  readonly reason: StalenessReason;
  /** When a read may succeed again, where that is known. */
  readonly retryAt: Date | null;
}

export const UNCONFIRMED: Staleness = { reason: 'UNCONFIRMED', retryAt: null };

export function snapshotOf<Type extends InvitationType>(
  invitation: Invitation<Type>,
  observedAt: Date,
  staleness: Staleness | null = null,
): Snapshot<Type> {
  const kind = kindOf(invitation);
  const named = { type: invitation.type, parts: kind.keyOf(invitation) };
  return {
    ...invitation,
    id: globalIdOf(named),
    externalId: externalIdOf(named),
    status: kind.statusOf(invitation),
    rawStatus: kind.rawStatusOf(invitation),
    isFinal: kind.isFinal(invitation, observedAt.getTime()),
    observedAt,
    staleness,
    confirmed: null,
  };
}

/** Whether callers see two states as the same; extras are not compared, because only reads that ask for them have them. */
export function isSame(a: Snapshot | null, b: Snapshot | null): boolean {
  if (a === null || b === null) return a === b;
  const shown = (one: Snapshot) => ({ ...withoutExtras(one), observedAt: null, staleness: null, confirmed: null });
  return isDeepStrictEqual(shown(a), shown(b));
}

/** The same without what is read only where it is asked for. */
export function withoutExtras<I extends Invitation>(invitation: I): I {
  return kindOf(invitation).extras?.without(invitation) ?? invitation;
}

// Its text is made once, because it is given with every answer.
class Moment extends Date {
  #text: string | undefined;

  override toISOString(): string {
    this.#text ??= super.toISOString();
    return this.#text;
  }
}

let last = new Moment(0);

/** A moment, in milliseconds since 1970; what is observed within one millisecond shares one object. */
export function momentOf(milliseconds: number): Date {
  if (last.getTime() !== milliseconds) last = new Moment(milliseconds);
  return last;
}
