// The description of one kind of invitation: its provider, its shape, its natural key, its status, and which changes of
// it are news. Each kind implements this in a file of its own. Rooms above call these functions and never check which
// kind it is.

import type { ZodType } from 'zod';
import type { KeyPart } from './key-part.ts';
import type { ProviderName } from './provider.ts';

export type InvitationStatus = 'PENDING' | 'DELIVERED' | 'ACCEPTED' | 'TENTATIVE' | 'DECLINED' | 'FAILED' | 'UNKNOWN';

/** A natural key, part by part. */
export type NaturalKey = Readonly<Record<string, string | null>>;

/** What is known of an invitation of any kind. */
export interface AnyInvitation {
  readonly type: string;
}

/**
 * One kind, by its name, its natural key and what is known of one. Its functions are methods, so that a kind is one of
 * `AnyKind` too: code that has an invitation of any kind calls the functions of that kind.
 */
export interface Kind<Name extends string, Key extends NaturalKey, I extends AnyInvitation> {
  /** The `type` of its invitations, and the name of its type in the schema. */
  readonly name: Name;
  readonly provider: ProviderName;
  /** The shape of one as it was read. Values that other processes have written to Redis are checked against it. */
  readonly shape: ZodType<I>;
  /** Its natural key, in the order that global ids have. */
  readonly key: { readonly [Part in keyof Key]: KeyPart<Key[Part]> };
  /** The part that is the provider's id. */
  readonly externalId: string & keyof Key;
  /** Parts that name a recipient's view of it: refs that differ in these alone name one invitation. */
  readonly views: readonly (string & keyof Key)[];
  /** What a token may grant of it. */
  readonly grants: Grantable<I>;
  /** What is read only where a caller selects it, because it is large; null where there is no such thing. */
  readonly extras: Extras<I> | null;
  keyOf(invitation: I): Key;
  /** In the vocabulary that every kind shares. */
  statusOf(invitation: I): InvitationStatus;
  /** The provider's own word, where it said one for the whole. */
  rawStatusOf(invitation: I): string | null;
  /** Whether nothing more will change of what was observed at that moment (milliseconds since 1970). */
  isFinal(invitation: I, observedAt: number): boolean;
  /** When that which it invites to begins, in milliseconds since 1970; Infinity where that has no time. */
  beginsAt(invitation: I): number;
  /** When that ends, likewise. */
  endsAt(invitation: I): number;
  /** From where and to which URL its provider sends notifications of it; null where it sends none. */
  callbackOf(invitation: I): string | null;
}

export interface Grantable<I> {
  /** The member of a token's grants that lists what is granted of this kind. */
  readonly member: string;
  /** What may be granted that is less than a whole invitation; null where there is no such thing. */
  readonly part: GrantedPart<I> | null;
}

/** A part of an invitation, such as one recipient's. */
export interface GrantedPart<I> {
  /** What names it in a grant, beside `id`. */
  readonly member: string;
  /** The part of the natural key that names it in a ref. */
  readonly keyPart: string;
  /** The same text for all that name the same part. */
  fold(name: string): string;
  /** That part of an invitation and nothing else of it; null where it has no such part. */
  cut(invitation: I, folded: string): I | null;
}

export interface Extras<I> {
  /** The field of the schema's type, and the one within it, whose selection asks for them. */
  readonly selectedBy: readonly [field: string, within: string];
  /** The same invitation without them. */
  without<T extends I>(invitation: T): T;
  /** The first with the extras of the second. */
  from<T extends I>(invitation: T, other: I): T;
}

export type AnyKind = Kind<string, NaturalKey, AnyInvitation>;

/** What is known of one, by the shape of its kind. It is never changed. */
export type Frozen<T> = T extends object ? { readonly [Property in keyof T]: Frozen<T[Property]> } : T;
