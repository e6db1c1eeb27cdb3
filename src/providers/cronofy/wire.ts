// Cronofy's JSON: its shape, and the one way from it to the domain. It takes what is documented and what was seen
// (several recipients, no replies, flat times with one zone for the event, whole days), ignores unknown fields, keeps
// unknown statuses as they came, and refuses the rest. Times keep the offset they were given.
// Source: Cronofy's public documentation of "Invite Status" (beta, November 2026) and the official clients.

import { z } from 'zod';
import { ProviderBadResponse } from '../../invitation/problem.ts';
import type { RefTo } from '../../invitation/ref.ts';
import type {
  EventTime,
  Proposal,
  ReplyStatus,
  SmartInvite,
  SmartInviteKey,
  SmartInviteReply,
} from '../../invitation/smart-invite.ts';

// In each union the usual shape comes first, because they are tried one after the other.

// Some clients write a space for the T, and Cronofy gives back what it was given.
const SpacedTime = z
  .string()
  .transform((text) => text.replace(' ', 'T'))
  .pipe(z.iso.datetime({ offset: true }));

const Time = z.union([z.iso.datetime({ offset: true }), z.iso.date(), SpacedTime]);

const EventTimeWire = z.union([z.object({ time: Time, tzid: z.string().nullish() }), Time]);

export const ReplyWire = z.object({
  email: z.string().min(1),
  status: z.string().nullish(),
  comment: z.string().nullish(),
  proposal: z.object({ start: EventTimeWire, end: EventTimeWire }).nullish(),
});

const SmartInviteWire = z.object({
  recipient: ReplyWire.nullish(),
  recipients: z.array(ReplyWire).nullish(),
  replies: z.array(ReplyWire).nullish(),
  smart_invite_id: z.string().nullish(),
  callback_url: z.string().nullish(),
  event: z.object({
    summary: z.string().nullish(),
    description: z.string().nullish(),
    start: EventTimeWire,
    end: EventTimeWire,
    tzid: z.string().nullish(),
    location: z.object({ description: z.string().nullish() }).nullish(),
  }),
  attachments: z.object({ icalendar: z.string().nullish() }).nullish(),
});

export type SmartInviteWire = z.input<typeof SmartInviteWire>;

/** @throws ProviderBadResponse where the JSON has another shape, or speaks of another invite than was asked for. */
export function decodeSmartInvite(json: unknown, { parts: asked }: RefTo<'SmartInvite'>): SmartInvite {
  const parsed = SmartInviteWire.safeParse(json);
  if (!parsed.success) throw new ProviderBadResponse('CRONOFY');
  const wire = parsed.data;

  const recipient = wire.recipient ? decodeReply(wire.recipient) : null;
  const recipients = wire.recipients?.length ? wire.recipients.map(decodeReply) : recipient === null ? [] : [recipient];
  const invite: SmartInvite = {
    type: 'SmartInvite',
    dataCenter: asked.dataCenter,
    smartInviteId: wire.smart_invite_id ?? asked.smartInviteId,
    recipient: recipient ?? (recipients.length === 1 ? (recipients[0] ?? null) : null),
    recipients,
    replies: (wire.replies ?? []).map(decodeReply),
    callbackUrl: wire.callback_url ?? null,
    event: {
      summary: wire.event.summary ?? null,
      description: wire.event.description ?? null,
      start: decodeTime(wire.event.start, wire.event.tzid),
      end: decodeTime(wire.event.end, wire.event.tzid),
      location: wire.event.location ? { description: wire.event.location.description ?? null } : null,
    },
    attachments: wire.attachments ? { icalendar: wire.attachments.icalendar ?? null } : null,
  };
  if (recipients.length === 0 || !answers(invite, asked)) throw new ProviderBadResponse('CRONOFY');
  return invite;
}

// The address that was asked for is among the invited, in whatever case it was typed.
function answers(invite: SmartInvite, asked: SmartInviteKey): boolean {
  const email = asked.recipientEmail?.toLowerCase();
  return (
    invite.smartInviteId === asked.smartInviteId &&
    (email === undefined || invite.recipients.some((recipient) => recipient.email.toLowerCase() === email))
  );
}

const REPLY_STATUSES: Readonly<Record<string, ReplyStatus>> = {
  pending: 'PENDING',
  accepted: 'ACCEPTED',
  tentative: 'TENTATIVE',
  declined: 'DECLINED',
};

export function decodeReply(wire: z.output<typeof ReplyWire>): SmartInviteReply {
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

function decodeProposal(wire: {
  start: z.output<typeof EventTimeWire>;
  end: z.output<typeof EventTimeWire>;
}): Proposal {
  return { start: decodeTime(wire.start), end: decodeTime(wire.end) };
}

function decodeTime(wire: z.output<typeof EventTimeWire>, zoneOfEvent?: string | null): EventTime {
  const { time, tzid } = typeof wire === 'string' ? { time: wire, tzid: null } : wire;
  const isDate = !time.includes('T');
  return { dateTime: isDate ? null : time, date: isDate ? time : null, timeZone: tzid ?? zoneOfEvent ?? null };
}
