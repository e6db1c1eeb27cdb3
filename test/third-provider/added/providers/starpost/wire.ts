// Starpost's JSON, and the one way from it to the domain.

import { z } from 'zod';
import { type EmailInvitation, MAIL_STATUSES } from '../../invitation/email-invitation.ts';
import { ProviderBadResponse } from '../../invitation/problem.ts';
import type { RefTo } from '../../invitation/ref.ts';

const EmailInvitationWire = z.object({ id: z.string().nullish(), status: z.string().nullish() });

export type EmailInvitationWire = z.infer<typeof EmailInvitationWire>;

/** @throws ProviderBadResponse where the JSON has another shape, or speaks of another invitation than was asked for. */
export function decodeEmailInvitation(json: unknown, { parts: asked }: RefTo<'EmailInvitation'>): EmailInvitation {
  const wire = EmailInvitationWire.safeParse(json);
  if (!wire.success) throw new ProviderBadResponse('STARPOST');
  const { id = null, status = null } = wire.data;
  if (id !== null && id !== asked.invitationId) throw new ProviderBadResponse('STARPOST');
  return {
    type: 'EmailInvitation',
    businessUnitId: asked.businessUnitId,
    invitationId: asked.invitationId,
    mailStatus: MAIL_STATUSES.find((known) => known.toLowerCase() === status) ?? 'UNKNOWN',
    rawStatus: status,
  };
}
