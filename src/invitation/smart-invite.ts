// A calendar invitation, sent by e-mail to one person or several. Source: Cronofy's public contract of the Smart Invite's
// status (beta, November 2026).

import { z } from 'zod';
import { addressPart, codePart, idPart } from './key-part.ts';
import type { Frozen, InvitationStatus, Kind } from './kind.ts';

export const DATA_CENTERS = ['AU', 'CA', 'DE', 'SG', 'UK', 'US'] as const;
export const REPLY_STATUSES = ['PENDING', 'ACCEPTED', 'TENTATIVE', 'DECLINED', 'UNKNOWN'] as const;

export type CronofyDataCenter = (typeof DATA_CENTERS)[number];
export type ReplyStatus = (typeof REPLY_STATUSES)[number];

const text = z.string().nullable();

/** A moment (RFC 3339, with the offset it was given) or a whole day (YYYY-MM-DD): one of the two is set. */
const EventTime = z.object({ dateTime: text, date: text, timeZone: text });

const Reply = z.object({
  // Part of a global id, which has to be taken when it comes back.
  email: z.string().refine(addressPart.isValue),
  status: z.enum(REPLY_STATUSES),
  rawStatus: text,
  comment: text,
  proposal: z.object({ start: EventTime, end: EventTime }).nullable(),
});

const shape = z.object({
  type: z.literal('SmartInvite'),
  dataCenter: z.enum(DATA_CENTERS),
  smartInviteId: z.string(),
  /** The one person invited; null where several are. */
  recipient: Reply.nullable(),
  recipients: z.array(Reply),
  /** Every reply, also of people who were not invited (forwards, aliases, distribution lists). */
  replies: z.array(Reply),
  callbackUrl: text,
  event: z.object({
    summary: text,
    description: text,
    start: EventTime,
    end: EventTime,
    location: z.object({ description: text }).nullable(),
  }),
  /** Null unless the read asked for it and the provider had it. */
  attachments: z.object({ icalendar: text }).nullable(),
});

export type SmartInvite = Frozen<z.infer<typeof shape>>;
export type SmartInviteReply = SmartInvite['replies'][number];
export type SmartInviteEvent = SmartInvite['event'];
export type EventTime = SmartInviteEvent['start'];
export type Proposal = NonNullable<SmartInviteReply['proposal']>;

export type SmartInviteKey = {
  readonly dataCenter: CronofyDataCenter;
  readonly smartInviteId: string;
  /** Null asks for the invitation as a whole, with all recipients. */
  readonly recipientEmail: string | null;
};

export const smartInvite: Kind<'SmartInvite', SmartInviteKey, SmartInvite> = {
  name: 'SmartInvite',
  provider: 'CRONOFY',
  shape,
  key: { dataCenter: codePart(DATA_CENTERS, 'US'), smartInviteId: idPart, recipientEmail: addressPart },
  externalId: 'smartInviteId',
  views: ['recipientEmail'],
  grants: {
    member: 'smart',
    part: { member: 'recipient', keyPart: 'recipientEmail', fold: foldAddress, cut: cutToRecipient },
  },
  extras: {
    selectedBy: ['attachments', 'icalendar'],
    without: (invite) => (invite.attachments === null ? invite : { ...invite, attachments: null }),
    from: (invite, { attachments }) => ({ ...invite, attachments }),
  },
  // For one recipient the key has the address as the provider gives it.
  keyOf: ({ dataCenter, smartInviteId, recipient }) => ({
    dataCenter,
    smartInviteId,
    recipientEmail: recipient?.email ?? null,
  }),
  statusOf,
  rawStatusOf: ({ recipient }) => recipient?.rawStatus ?? null,
  // There are no replies to an event that is over. One that was seen before its end may have been replied to since.
  isFinal: ({ event }, observedAt) => endOf(event.end) <= observedAt,
  beginsAt: ({ event }) => beginOf(event.start),
  endsAt: ({ event }) => endOf(event.end),
  // A data center notifies of its own invites: what arrives from one tells nothing of another.
  callbackOf: ({ dataCenter, callbackUrl }) => callbackUrl && `${dataCenter} ${callbackUrl}`,
};

/** Addresses are compared without their case, as mail servers do. */
export function foldAddress(address: string): string {
  return address.toLowerCase();
}

/** The event and what one recipient has replied. The ICS lists the other guests, and the callback address is the sender's. */
function cutToRecipient(invite: SmartInvite, address: string): SmartInvite | null {
  const isTheirs = ({ email }: SmartInviteReply) => foldAddress(email) === address;
  const recipient = invite.recipients.find(isTheirs);
  if (recipient === undefined) return null;
  const replies = invite.replies.filter(isTheirs);
  return { ...invite, recipient, recipients: [recipient], replies, callbackUrl: null, attachments: null };
}

// Of several recipients, the first of these that one of them has is the status of the invitation. An unknown reply does
// not hide a clear one.
const MOST_OPEN_FIRST = ['PENDING', 'TENTATIVE', 'ACCEPTED', 'DECLINED'] as const;

function statusOf({ recipients }: SmartInvite): InvitationStatus {
  return MOST_OPEN_FIRST.find((status) => recipients.some((recipient) => recipient.status === status)) ?? 'UNKNOWN';
}

const HOURS = 3_600_000;

function beginOf(time: EventTime): number {
  return time.dateTime === null && time.date === null
    ? Number.POSITIVE_INFINITY
    : Date.parse(time.dateTime ?? time.date ?? '');
}

// A whole day is over when it is over everywhere: 24 hours of it, and 12 more for the last time zone to get there.
function endOf(time: EventTime): number {
  if (time.dateTime !== null) return Date.parse(time.dateTime);
  if (time.date !== null) return Date.parse(time.date) + 36 * HOURS;
  return Number.POSITIVE_INFINITY;
}
