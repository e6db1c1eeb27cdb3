// The review invitations that the sandbox is seeded with: some of every status, and some that move on as time passes after
// they were first read, as real ones do: most soon, some late, some never.

import type { InvitationStatusWire } from '../providers/partoo/wire.ts';

const SECONDS = 1_000;

export interface PartooSeed {
  readonly invitation_id: string;
  /** What a read gives from `afterMs` after the first one on, earliest first. */
  readonly way: readonly { readonly afterMs: number; readonly answer: InvitationStatusWire }[];
}

function review(invitation_id: string, ...steps: readonly [afterSeconds: number, status: string][]): PartooSeed {
  return {
    invitation_id,
    way: steps.map(([after, status]) => ({ afterMs: after * SECONDS, answer: { invitation_id, status } })),
  };
}

/** When each is sent, and when it arrives or fails, in seconds; what stays on its way has no such time. */
const MOVES: readonly (readonly [sentAfter: number, endsAfter: number | undefined])[] = [
  [3, 10],
  [4, 16],
  [5, 25],
  [6, 40],
  [8, 65],
  [10, 240],
  [15, 900],
  [20, undefined],
];

const STATUSES = ['CREATED', 'SENT', 'FAILED_SEND', 'DELIVERED', 'FAILED_DELIVERY'] as const;

export const seededReviewInvitations: readonly PartooSeed[] = [
  review('d3d8c966-0356-4ec0-baae-13ec3622ebc2', [0, 'DELIVERED']),
  ...STATUSES.map((status) => review(`review-${status.toLowerCase().replace('_', '-')}`, [0, status])),
  ...MOVES.map(([sentAfter, endsAfter], index) => {
    const end = index % 4 === 2 ? 'FAILED_DELIVERY' : 'DELIVERED';
    const last: [number, string][] = endsAfter === undefined ? [] : [[endsAfter, end]];
    return review(`review-moving-${index + 1}`, [0, 'CREATED'], [sentAfter, 'SENT'], ...last);
  }),
  ...[1, 2, 3, 4].map((n) => review(`review-waiting-${n}`, [0, 'SENT'])),
  review('review-unknown-status', [0, 'QUEUED_BY_CARRIER']),
  { invitation_id: 'review-empty', way: [{ afterMs: 0, answer: {} }] },
];
