// A request to review a business, sent by e-mail. Source: a provider that exists in this test alone.

import { z } from 'zod';
import { idPart } from './key-part.ts';
import type { Frozen, InvitationStatus, Kind } from './kind.ts';

export const MAIL_STATUSES = ['QUEUED', 'SENT', 'OPENED', 'CLICKED', 'REVIEWED', 'BOUNCED', 'UNKNOWN'] as const;

export type MailStatus = (typeof MAIL_STATUSES)[number];

const shape = z.object({
  type: z.literal('EmailInvitation'),
  businessUnitId: z.string(),
  invitationId: z.string(),
  mailStatus: z.enum(MAIL_STATUSES),
  rawStatus: z.string().nullable(),
});

export type EmailInvitation = Frozen<z.infer<typeof shape>>;

export type EmailInvitationKey = { readonly businessUnitId: string; readonly invitationId: string };

const STATUS_OF_MAIL: Record<MailStatus, InvitationStatus> = {
  QUEUED: 'PENDING',
  SENT: 'PENDING',
  OPENED: 'DELIVERED',
  CLICKED: 'DELIVERED',
  REVIEWED: 'ACCEPTED',
  BOUNCED: 'FAILED',
  UNKNOWN: 'UNKNOWN',
};

export const emailInvitation: Kind<'EmailInvitation', EmailInvitationKey, EmailInvitation> = {
  name: 'EmailInvitation',
  provider: 'STARPOST',
  shape,
  key: { businessUnitId: idPart, invitationId: idPart },
  externalId: 'invitationId',
  views: [],
  grants: { member: 'email', part: null },
  extras: null,
  keyOf: ({ businessUnitId, invitationId }) => ({ businessUnitId, invitationId }),
  statusOf: ({ mailStatus }) => STATUS_OF_MAIL[mailStatus],
  rawStatusOf: ({ rawStatus }) => rawStatus,
  isFinal: ({ mailStatus }) => mailStatus === 'REVIEWED' || mailStatus === 'BOUNCED',
  beginsAt: () => Number.POSITIVE_INFINITY,
  endsAt: () => Number.POSITIVE_INFINITY,
  callbackOf: () => null,
};
