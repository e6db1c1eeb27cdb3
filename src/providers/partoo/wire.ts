// Partoo's JSON: its shape, and the one way from it to the domain. It takes what the contract allows (a 200 with
// neither field is valid, unknown fields are ignored, an unknown status is kept as it came) and refuses the rest.
// Source: the OpenAPI document of "The status of a review invitation" (Partoo Rest API v2, November 2026).

import { z } from 'zod';
import { ProviderBadResponse } from '../../invitation/problem.ts';
import type { RefTo } from '../../invitation/ref.ts';
import type { DeliveryStatus, ReviewInvitation } from '../../invitation/review-invitation.ts';

const InvitationStatusWire = z.object({
  invitation_id: z.string().nullish(),
  status: z.string().nullish(),
});

export type InvitationStatusWire = z.infer<typeof InvitationStatusWire>;

const DELIVERY_STATUSES: readonly DeliveryStatus[] = ['CREATED', 'SENT', 'FAILED_SEND', 'DELIVERED', 'FAILED_DELIVERY'];

/** @throws ProviderBadResponse where the JSON has another shape, or speaks of another invitation than was asked for. */
export function decodeReviewInvitation(json: unknown, { parts: asked }: RefTo<'ReviewInvitation'>): ReviewInvitation {
  const wire = InvitationStatusWire.safeParse(json);
  if (!wire.success) throw new ProviderBadResponse('PARTOO');
  const { invitation_id = null, status = null } = wire.data;
  if (invitation_id !== null && invitation_id !== asked.invitationId) throw new ProviderBadResponse('PARTOO');
  return {
    type: 'ReviewInvitation',
    invitationId: asked.invitationId,
    deliveryStatus: DELIVERY_STATUSES.find((known) => known === status) ?? 'UNKNOWN',
    rawStatus: status,
  };
}
