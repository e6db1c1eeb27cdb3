// The review invitations that the sandbox is seeded with: some of every status, and some that move on as time passes after
// the start.

import type { InvitationStatusWire } from '../providers/partoo/wire.ts';

const SECONDS = 1_000;

export interface PartooSeed {
  readonly invitation_id: string;
  /** What a read gives from `afterMs` after the start on, earliest first. */
  readonly way: readonly { readonly afterMs: number; readonly answer: InvitationStatusWire }[];
}

function review(invitation_id: string, ...steps: readonly [afterSeconds: number, status: string][]): PartooSeed {
  return {
    invitation_id,
    way: steps.map(([after, status]) => ({ afterMs: after * SECONDS, answer: { invitation_id, status } })),
  };
}

const STATUSES = ['CREATED', 'SENT', 'FAILED_SEND', 'DELIVERED', 'FAILED_DELIVERY'] as const;

export const seededReviewInvitations: readonly PartooSeed[] = [
  review('d3d8c966-0356-4ec0-baae-13ec3622ebc2', [0, 'DELIVERED']),
  ...STATUSES.map((status) => review(`review-${status.toLowerCase().replace('_', '-')}`, [0, status])),
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) =>
    review(
      `review-moving-${n}`,
      [0, 'CREATED'],
      [n * 10, 'SENT'],
      [n * 25, n % 4 === 3 ? 'FAILED_DELIVERY' : 'DELIVERED'],
    ),
  ),
  ...[1, 2, 3, 4].map((n) => review(`review-waiting-${n}`, [0, 'SENT'])),
  review('review-unknown-status', [0, 'QUEUED_BY_CARRIER']),
  { invitation_id: 'review-empty', way: [{ afterMs: 0, answer: {} }] },
];
