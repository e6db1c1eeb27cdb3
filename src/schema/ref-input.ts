// How a caller names an invitation: the input types, and the one way from them to a ref.

import type { CronofyDataCenter as DataCenter } from '../invitation/invitation.ts';
import { BadUserInput } from '../invitation/problem.ts';
import {
  checkedReviewInvitationRef,
  checkedSmartInviteRef,
  isPlausible,
  type Ref,
  refOfGlobalId,
  type SmartInviteRef,
} from '../invitation/ref.ts';
import { builder, type Context } from './builder.ts';

export const CronofyDataCenter = builder.enumType('CronofyDataCenter', {
  description: "One of Cronofy's data centers. An invite exists in the one it was created in, and in no other.",
  values: {
    AU: { description: 'Australia.' },
    CA: { description: 'Canada.' },
    DE: { description: 'Germany.' },
    SG: { description: 'Singapore.' },
    UK: { description: 'United Kingdom.' },
    US: { description: 'United States.' },
  } as const,
});

/** The arguments that name a Smart Invite, with their descriptions, wherever they appear. */
export const SMART_INVITE_ARGUMENTS = {
  smartInviteId: { required: true, description: 'The id your application gave the invite when it was created.' },
  recipientEmail: {
    description: 'The person whose invite it is. Leave it out to read an invite to several people as a whole.',
  },
  dataCenter: {
    type: CronofyDataCenter,
    description: "Where the invite was created. Default: the data center this gateway's account is in.",
  },
} as const;

export const INVITATION_ID = {
  required: true,
  description: 'The id Partoo gave when the invitation was sent.',
} as const;

export const MAX_AGE_SECONDS = {
  description: 'How old the answer may be, in seconds; 0 asks the provider now. Default: as fresh as the quota allows.',
} as const;

const ReviewInvitationRefInput = builder.inputType('ReviewInvitationRef', {
  description: 'Names a review invitation.',
  fields: (t) => ({ invitationId: t.id(INVITATION_ID) }),
});

const SmartInviteRefInput = builder.inputType('SmartInviteRef', {
  description: 'Names a Smart Invite.',
  fields: (t) => ({
    smartInviteId: t.id(SMART_INVITE_ARGUMENTS.smartInviteId),
    recipientEmail: t.string(SMART_INVITE_ARGUMENTS.recipientEmail),
    dataCenter: t.field(SMART_INVITE_ARGUMENTS.dataCenter),
  }),
});

export const InvitationRefInput = builder.inputType('InvitationRef', {
  description: 'Names an invitation of any kind: give exactly one of the fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'A global id from an earlier answer.' }),
    reviewInvitation: t.field({ type: ReviewInvitationRefInput, description: 'A review invitation.' }),
    smartInvite: t.field({ type: SmartInviteRefInput, description: 'A Smart Invite.' }),
  }),
});

/**
 * The ref that an input names; null for a global id that was never given out.
 * @throws BadUserInput where an id or an address cannot be one.
 */
export function refOfInput(input: typeof InvitationRefInput.$inferInput, context: Context): Ref | null {
  if (input.reviewInvitation) return checkedReviewInvitationRef(input.reviewInvitation.invitationId);
  if (input.smartInvite) return refOfSmartInvite(input.smartInvite, context);
  return input.id ? refOfId(input.id) : null;
}

/** The ref behind a global id; null for an id that was never given out, just as for one whose invitation does not exist. */
export function refOfId(id: string): Ref | null {
  const ref = refOfGlobalId(id);
  return ref !== null && isPlausible(ref) ? ref : null;
}

/** @throws BadUserInput where the id or the address cannot be one. */
export function refOfSmartInvite(
  named: {
    smartInviteId: string;
    recipientEmail?: string | null | undefined;
    dataCenter?: DataCenter | null | undefined;
  },
  context: Context,
): SmartInviteRef {
  const dataCenter = named.dataCenter ?? context.defaultDataCenter;
  return checkedSmartInviteRef(dataCenter, named.smartInviteId, named.recipientEmail ?? null);
}

/**
 * A caller's `maxAgeSeconds` in milliseconds; null where it leaves the age to the gateway.
 * @throws BadUserInput where the age is negative.
 */
export function maxAgeMsOf(maxAgeSeconds: number | null | undefined): number | null {
  if (maxAgeSeconds === null || maxAgeSeconds === undefined) return null;
  if (maxAgeSeconds >= 0) return maxAgeSeconds * 1_000;
  throw new BadUserInput('maxAgeSeconds is negative: give 0 to ask the provider now, or more.');
}
