// What every client is to get: the page of the README, and the change that the sandbox makes.

import type { TestGateway } from '../harness.ts';

export const PAGE = `
  query Page($refs: [InvitationRef!]!) {
    invitations(refs: $refs) {
      id
      status
      isFinal
      observedAt
      isStale
      ... on ReviewInvitation { invitationId deliveryStatus }
      ... on SmartInvite {
        smartInviteId
        recipients { email status comment }
        event { summary start { dateTime date timeZone } }
      }
    }
  }
`;

export const PAGE_VARIABLES = {
  refs: [
    { reviewInvitation: { invitationId: 'review-sent' } },
    { smartInvite: { smartInviteId: 'board-meeting', recipientEmail: 'cronofy@example.com' } },
  ],
};

export const LIVE = `
  subscription Live($refs: [InvitationRef!]!) {
    invitationChanged(refs: $refs) {
      id
      status
      ... on SmartInvite { smartInviteId recipients { email status comment } }
    }
  }
`;

export const LIVE_VARIABLES = { refs: [{ smartInvite: { smartInviteId: 'invite-pending' } }] };

export function accept({ sandbox }: TestGateway): void {
  sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' });
}

/** The data of an answer to the page, as far as it tells one client from another. */
export interface Page {
  readonly invitations: readonly { readonly status: string; readonly deliveryStatus?: string }[];
}

export interface Live {
  readonly invitationChanged: { readonly status: string };
}
