// The kinds of invitations, a line each; every union over them is derived from this list.

import type { AnyKind } from './kind.ts';
import { reviewInvitation } from './review-invitation.ts';
import { smartInvite } from './smart-invite.ts';

export const KINDS = {
  ReviewInvitation: reviewInvitation,
  SmartInvite: smartInvite,
};

type Kinds = typeof KINDS;

export type InvitationType = keyof Kinds;

/** An invitation as it was read, of a kind or of any. */
export type Invitation<Type extends InvitationType = InvitationType> = {
  [T in Type]: ReturnType<Kinds[T]['shape']['parse']>;
}[Type];

/** The natural key of a kind. */
export type KeyOf<Type extends InvitationType> = ReturnType<Kinds[Type]['keyOf']>;

export const INVITATION_TYPES = Object.keys(KINDS) as readonly InvitationType[];

/** What there is to know of the kind of this invitation, or of this ref. */
export function kindOf({ type }: { readonly type: InvitationType }): AnyKind {
  return KINDS[type];
}

export function isInvitationType(type: unknown): type is InvitationType {
  return typeof type === 'string' && Object.hasOwn(KINDS, type);
}
