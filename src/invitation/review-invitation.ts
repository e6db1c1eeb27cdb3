// A request to review a business, sent by SMS. Source: Partoo's public contract of the review invitation's status
// (Rest API v2, November 2026).

import { z } from 'zod';
import { idPart } from './key-part.ts';
import type { Frozen, InvitationStatus, Kind } from './kind.ts';

export const DELIVERY_STATUSES = ['CREATED', 'SENT', 'FAILED_SEND', 'DELIVERED', 'FAILED_DELIVERY', 'UNKNOWN'] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

const shape = z.object({
  type: z.literal('ReviewInvitation'),
  invitationId: z.string(),
  deliveryStatus: z.enum(DELIVERY_STATUSES),
  /** What the provider said, to the letter; null where it said nothing. */
  rawStatus: z.string().nullable(),
});

export type ReviewInvitation = Frozen<z.infer<typeof shape>>;

export type ReviewInvitationKey = { readonly invitationId: string };

const STATUS_OF_DELIVERY: Record<DeliveryStatus, InvitationStatus> = {
  CREATED: 'PENDING',
  SENT: 'PENDING',
  DELIVERED: 'DELIVERED',
  FAILED_SEND: 'FAILED',
  FAILED_DELIVERY: 'FAILED',
  UNKNOWN: 'UNKNOWN',
};

export const reviewInvitation: Kind<'ReviewInvitation', ReviewInvitationKey, ReviewInvitation> = {
  name: 'ReviewInvitation',
  provider: 'PARTOO',
  shape,
  key: { invitationId: idPart },
  externalId: 'invitationId',
  views: [],
  grants: { member: 'review', part: null },
  extras: null,
  keyOf: ({ invitationId }) => ({ invitationId }),
  statusOf: ({ deliveryStatus }) => STATUS_OF_DELIVERY[deliveryStatus],
  rawStatusOf: ({ rawStatus }) => rawStatus,
  // An SMS that arrived, or failed, stays so.
  isFinal: ({ deliveryStatus }) => ['DELIVERED', 'FAILED'].includes(STATUS_OF_DELIVERY[deliveryStatus]),
  beginsAt: () => Number.POSITIVE_INFINITY,
  endsAt: () => Number.POSITIVE_INFINITY,
  callbackOf: () => null,
};
