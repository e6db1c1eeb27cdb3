// The reply of one person, in Cronofy's JSON, and the one way from it to the domain. A reply in another shape than the
// contract's stays where its address is valid: each unreadable field counts as missing (a status becomes UNKNOWN), because
// without the reply the person would not count as invited. A reply without a valid address is left out, because it belongs
// to no person.

import { z } from 'zod';
import { addressPart } from '../../invitation/key-part.ts';
import type { Proposal, ReplyStatus, SmartInviteReply } from '../../invitation/smart-invite.ts';
import { decodeTime, EventTimeWire } from './wire-time.ts';

// An address becomes part of a global id, which has to be taken when it comes back.
const Address = z.string().refine(addressPart.isValue);

const text = z.string().nullish();

const ProposalWire = z.object({ start: EventTimeWire, end: EventTimeWire }).nullish();

export const ReplyWire = z.object({ email: Address, status: text, comment: text, proposal: ProposalWire });

export type ReplyWire = z.output<typeof ReplyWire>;

/** Takes a reply of any shape that has an address. */
export const MendedReplyWire = z.object({
  email: Address,
  status: text.catch(null),
  comment: text.catch(null),
  proposal: ProposalWire.catch(null),
});

export interface MendedReplies {
  /** What the list was, where it is none. */
  readonly replies: unknown;
  /** How many had another shape. */
  readonly misfits: number;
  /** How many of these are not in it any more. */
  readonly leftOut: number;
}

export function mendReplies(list: unknown): MendedReplies {
  if (!Array.isArray(list)) return { replies: list, misfits: 0, leftOut: 0 };
  const misfits = list.filter((reply) => !ReplyWire.safeParse(reply).success).length;
  const replies = list.flatMap((reply) => MendedReplyWire.safeParse(reply).data ?? []);
  return { replies, misfits, leftOut: list.length - replies.length };
}

const REPLY_STATUSES: Readonly<Record<string, ReplyStatus>> = {
  pending: 'PENDING',
  accepted: 'ACCEPTED',
  tentative: 'TENTATIVE',
  declined: 'DECLINED',
};

export function decodeReply(wire: ReplyWire): SmartInviteReply {
  const rawStatus = wire.status ?? null;
  const known = rawStatus !== null && Object.hasOwn(REPLY_STATUSES, rawStatus) ? REPLY_STATUSES[rawStatus] : undefined;
  return {
    email: wire.email,
    status: known ?? 'UNKNOWN',
    rawStatus,
    comment: wire.comment ?? null,
    proposal: wire.proposal ? decodeProposal(wire.proposal) : null,
  };
}

function decodeProposal({ start, end }: NonNullable<ReplyWire['proposal']>): Proposal {
  return { start: decodeTime(start), end: decodeTime(end) };
}
