// A snapshot as text, for what processes share; and back, believing nothing: whatever else stands there is ignored.

import { z } from 'zod';
import type { Invitation } from '../invitation/invitation.ts';
import { globalIdOf, type Ref, refOfGlobalId } from '../invitation/ref.ts';

const DataCenter = z.enum(['AU', 'CA', 'DE', 'SG', 'UK', 'US']);
const text = z.string().nullable();
const EventTime = z.object({ dateTime: text, date: text, timeZone: text });

const Reply = z.object({
  email: z.string(),
  status: z.enum(['PENDING', 'ACCEPTED', 'TENTATIVE', 'DECLINED', 'UNKNOWN']),
  rawStatus: text,
  comment: text,
  proposal: z.object({ start: EventTime, end: EventTime }).nullable(),
});

const InvitationCode: z.ZodType<Invitation> = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ReviewInvitation'),
    invitationId: z.string(),
    deliveryStatus: z.enum(['CREATED', 'SENT', 'FAILED_SEND', 'DELIVERED', 'FAILED_DELIVERY', 'UNKNOWN']),
    rawStatus: text,
  }),
  z.object({
    type: z.literal('SmartInvite'),
    dataCenter: DataCenter,
    smartInviteId: z.string(),
    recipient: Reply.nullable(),
    recipients: z.array(Reply),
    replies: z.array(Reply),
    callbackUrl: text,
    event: z.object({
      summary: text,
      description: text,
      start: EventTime,
      end: EventTime,
      location: z.object({ description: text }).nullable(),
    }),
    attachments: z.object({ icalendar: text }).nullable(),
  }),
]);

const RefCode = z.string().transform((id, context): Ref => {
  const ref = refOfGlobalId(id);
  if (ref === null) context.addIssue('no global id');
  return ref ?? z.NEVER;
});

const Shared = z.object({
  ref: RefCode,
  invitation: InvitationCode,
  /** Milliseconds since 1970: the one clock that processes have in common. */
  observedAt: z.number().int().min(0).max(8_640_000_000_000_000),
});

export type SharedSnapshot = z.infer<typeof Shared>;

export function encodeSnapshot(shared: SharedSnapshot): string {
  return JSON.stringify({ ...shared, ref: globalIdOf(shared.ref) });
}

export function decodeSnapshot(textOfIt: string): SharedSnapshot | undefined {
  try {
    const { data } = Shared.safeParse(JSON.parse(textOfIt));
    return data !== undefined && isAbout(data.ref, data.invitation) ? data : undefined;
  } catch {
    return undefined;
  }
}

function isAbout(ref: Ref, invitation: Invitation): boolean {
  if (ref.type === 'ReviewInvitation') {
    return invitation.type === 'ReviewInvitation' && invitation.invitationId === ref.invitationId;
  }
  return (
    invitation.type === 'SmartInvite' &&
    invitation.smartInviteId === ref.smartInviteId &&
    invitation.dataCenter === ref.dataCenter
  );
}
