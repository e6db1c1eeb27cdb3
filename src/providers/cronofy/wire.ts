// Cronofy's JSON: its shape, and the one way from it to the domain. It takes what is documented and what was seen
// (several recipients, no replies, flat times with one zone for the event, whole days), ignores unknown fields, keeps
// unknown statuses as they came, and refuses the rest. One misfit among many replies, or many invited, is no reason to
// refuse the invite: it is mended or left out. Times keep the offset they were given.
// Source: Cronofy's public documentation of "Invite Status" (beta, November 2026) and the official clients.

import { z } from 'zod';
import { ProviderBadResponse } from '../../invitation/problem.ts';
import type { RefTo } from '../../invitation/ref.ts';
import { foldAddress, type SmartInvite, type SmartInviteKey } from '../../invitation/smart-invite.ts';
import type { MisfitListener } from '../provider.ts';
import { decodeReply, mendReplies, ReplyWire } from './wire-reply.ts';
import { decodeTime, EventTimeWire } from './wire-time.ts';

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

/**
 * @param onMisfits Told how many of the replies, or of the invited, had another shape.
 * @throws ProviderBadResponse where the JSON has another shape, or speaks of another invite than was asked for.
 */
export function decodeSmartInvite(
  json: unknown,
  { parts: asked }: RefTo<'SmartInvite'>,
  onMisfits?: MisfitListener,
): SmartInvite {
  const whole = SmartInviteWire.safeParse(json).data;
  if (whole !== undefined) return decoded(whole, asked, whole.recipients?.length ?? 0);
  if (typeof json !== 'object' || json === null) throw new ProviderBadResponse('CRONOFY');
  const recipients = mendReplies(Reflect.get(json, 'recipients'));
  const replies = mendReplies(Reflect.get(json, 'replies'));
  const wire = SmartInviteWire.safeParse({ ...json, recipients: recipients.replies, replies: replies.replies }).data;
  if (wire === undefined) throw new ProviderBadResponse('CRONOFY');
  const invite = decoded(wire, asked, (wire.recipients?.length ?? 0) + recipients.leftOut);
  onMisfits?.(recipients.misfits + replies.misfits);
  return invite;
}

/** @param listed How many people there are in `recipients`, also those who were left out of it. */
function decoded(wire: z.output<typeof SmartInviteWire>, asked: SmartInviteKey, listed: number): SmartInvite {
  const recipient = wire.recipient ? decodeReply(wire.recipient) : null;
  const recipients = wire.recipients?.length ? wire.recipients.map(decodeReply) : recipient === null ? [] : [recipient];
  const invite: SmartInvite = {
    type: 'SmartInvite',
    dataCenter: asked.dataCenter,
    smartInviteId: wire.smart_invite_id ?? asked.smartInviteId,
    recipient: recipient ?? (listed === 1 ? (recipients[0] ?? null) : null),
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
  const email = asked.recipientEmail && foldAddress(asked.recipientEmail);
  return (
    invite.smartInviteId === asked.smartInviteId &&
    (email === null || invite.recipients.some((recipient) => foldAddress(recipient.email) === email))
  );
}
