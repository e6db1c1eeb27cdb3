// What the page says of an invitation, in its users' words.

import type { InvitationRef, InvitationStatus, Provider, RowFragment, StalenessReason } from './generated/graphql.ts';

/** Each with a sign of its own, because not everybody tells colors apart. */
export const STATUSES: Readonly<Record<InvitationStatus, { icon: string; label: string }>> = {
  PENDING: { icon: '◷', label: 'Pending' },
  DELIVERED: { icon: '✓', label: 'Delivered' },
  ACCEPTED: { icon: '✓', label: 'Accepted' },
  TENTATIVE: { icon: '~', label: 'Tentative' },
  DECLINED: { icon: '✕', label: 'Declined' },
  FAILED: { icon: '!', label: 'Failed' },
  UNKNOWN: { icon: '?', label: 'Unknown' },
};

export const PROVIDERS: Readonly<Record<Provider, string>> = { CRONOFY: 'Cronofy', PARTOO: 'Partoo' };

export const REASONS: Readonly<Record<StalenessReason, string>> = {
  RATE_LIMITED: 'May be old: all calls to the provider are used up for now.',
  TIMEOUT: 'May be old: the provider takes too long to answer.',
  UNAVAILABLE: 'May be old: the provider cannot be reached.',
  UNCONFIRMED: 'Just notified, not confirmed yet.',
};

export function titleOf(invitation: RowFragment): string {
  const summary = invitation.__typename === 'SmartInvite' ? invitation.event.summary : null;
  return summary ?? invitation.externalId;
}

export function detailOf(invitation: RowFragment): string {
  if (invitation.__typename === 'ReviewInvitation') return `Review request by SMS: ${words(invitation.deliveryStatus)}`;
  const [first, ...others] = invitation.recipients;
  if (first === undefined) return 'Nobody is invited';
  if (others.length === 0) return first.comment === null ? first.email : `${first.email}: “${first.comment}”`;
  return invitation.recipients.map(({ email, status }) => `${email} (${words(status)})`).join(', ');
}

export function nameOf({ id, reviewInvitation, smartInvite }: InvitationRef): string {
  return reviewInvitation?.invitationId ?? smartInvite?.smartInviteId ?? id ?? '';
}

/** A browser tells a page of no reason why a request failed; the gateway's log tells which origins it keeps out. */
export function whyNot(error: Error | undefined): string {
  if (!(error instanceof TypeError)) return error?.message ?? 'there was no answer.';
  return 'the gateway does not answer. Is it running, and is the origin of this page in its CORS_ORIGINS?';
}

function words(value: string): string {
  return value.toLowerCase().replaceAll('_', ' ');
}
