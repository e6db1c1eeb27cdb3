// Which invitations the page shows. Yours come from your own data: the ids that you stored when the invitations were sent.

import type { InvitationRef } from './generated/graphql.ts';

const review = (invitationId: string): InvitationRef => ({ reviewInvitation: { invitationId } });
const smart = (smartInviteId: string): InvitationRef => ({ smartInvite: { smartInviteId } });

/** Of the sandbox: some move on while you look, one cannot be read, and one does not exist. */
export const REFS: InvitationRef[] = [
  smart('team-lunch'),
  { smartInvite: { smartInviteId: 'board-meeting', recipientEmail: 'cronofy@example.com' } },
  smart('invite-moving-1'),
  smart('invite-moving-2'),
  smart('invite-moving-3'),
  smart('invite-tentative'),
  { smartInvite: { smartInviteId: 'invite-of-our-branch', dataCenter: 'DE' } },
  review('review-moving-1'),
  review('review-moving-2'),
  review('review-moving-3'),
  review('review-failed-send'),
  review('review-that-never-was'),
];
