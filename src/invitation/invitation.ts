// The domain: an invitation sent to somebody through a provider, as the providers' contracts describe it in our
// words. Every room above reads these types; nothing here knows JSON on a wire, GraphQL or where an answer came from.
// Source: the public contracts of Partoo (review invitation status) and Cronofy (Smart Invite status), November 2026.

import { globalIdOf } from './ref.ts';

export type ProviderName = 'CRONOFY' | 'PARTOO';

export type InvitationStatus = 'PENDING' | 'DELIVERED' | 'ACCEPTED' | 'TENTATIVE' | 'DECLINED' | 'FAILED' | 'UNKNOWN';
export type DeliveryStatus = 'CREATED' | 'SENT' | 'FAILED_SEND' | 'DELIVERED' | 'FAILED_DELIVERY' | 'UNKNOWN';
export type ReplyStatus = 'PENDING' | 'ACCEPTED' | 'TENTATIVE' | 'DECLINED' | 'UNKNOWN';
export type CronofyDataCenter = 'AU' | 'CA' | 'DE' | 'SG' | 'UK' | 'US';

/** A request to review a business, sent by SMS. */
export interface ReviewInvitation {
  readonly type: 'ReviewInvitation';
  readonly invitationId: string;
  readonly deliveryStatus: DeliveryStatus;
  /** What the provider said, to the letter; null where it said nothing. */
  readonly rawStatus: string | null;
}

/** A calendar invitation, sent by e-mail. */
export interface SmartInvite {
  readonly type: 'SmartInvite';
  readonly dataCenter: CronofyDataCenter;
  readonly smartInviteId: string;
  /** The one person invited; null where several are. */
  readonly recipient: SmartInviteReply | null;
  readonly recipients: readonly SmartInviteReply[];
  /** Every reply, also of people who were not invited (forwards, aliases, distribution lists). */
  readonly replies: readonly SmartInviteReply[];
  readonly callbackUrl: string | null;
  readonly event: SmartInviteEvent;
  /** Null unless the read asked for it and the provider had it. */
  readonly attachments: { readonly icalendar: string | null } | null;
}

export interface SmartInviteReply {
  readonly email: string;
  readonly status: ReplyStatus;
  readonly rawStatus: string | null;
  readonly comment: string | null;
  readonly proposal: Proposal | null;
}

export interface Proposal {
  readonly start: EventTime;
  readonly end: EventTime;
}

export interface SmartInviteEvent {
  readonly summary: string | null;
  readonly description: string | null;
  readonly start: EventTime;
  readonly end: EventTime;
  readonly location: { readonly description: string | null } | null;
}

/** A moment (RFC 3339, with the offset it was given) or a whole day (YYYY-MM-DD): one of the two is set. */
export interface EventTime {
  readonly dateTime: string | null;
  readonly date: string | null;
  readonly timeZone: string | null;
}

export type Invitation = ReviewInvitation | SmartInvite;
export type InvitationType = Invitation['type'];

/** An invitation as last observed, with what is told of every kind: worked out once, for it is given many times. */
export type Snapshot<I extends Invitation = Invitation> = I & {
  /** The global id: see `globalIdOf`. */
  readonly id: string;
  readonly status: InvitationStatus;
  /**
   * Nothing more will change: an SMS that arrived or failed, a Smart Invite that was seen after its event had ended.
   * (Seen before, it may have been replied to since.)
   */
  readonly isFinal: boolean;
  /** When the provider told us this. */
  readonly observedAt: Date;
  /** Older than was wanted, because the provider could not be asked. */
  readonly isStale: boolean;
};

export function snapshotOf<I extends Invitation>(invitation: I, observedAt: Date, isStale = false): Snapshot<I> {
  const status = statusOf(invitation);
  const isFinal =
    invitation.type === 'ReviewInvitation'
      ? status === 'DELIVERED' || status === 'FAILED'
      : endOf(invitation.event.end) <= observedAt.getTime();
  return { ...invitation, id: globalIdOf(invitation), status, isFinal, observedAt, isStale };
}

// Its text is made once, because it is given with every answer.
class Moment extends Date {
  #text: string | undefined;

  override toISOString(): string {
    this.#text ??= super.toISOString();
    return this.#text;
  }
}

let last = new Moment(0);

/** A moment, in milliseconds since 1970; what is observed within one millisecond shares one object. */
export function momentOf(milliseconds: number): Date {
  if (last.getTime() !== milliseconds) last = new Moment(milliseconds);
  return last;
}

const STATUS_OF_DELIVERY: Record<DeliveryStatus, InvitationStatus> = {
  CREATED: 'PENDING',
  SENT: 'PENDING',
  DELIVERED: 'DELIVERED',
  FAILED_SEND: 'FAILED',
  FAILED_DELIVERY: 'FAILED',
  UNKNOWN: 'UNKNOWN',
};

// Among several recipients the first of these that anybody has speaks for the invitation.
const LOUDEST_FIRST = ['PENDING', 'TENTATIVE', 'ACCEPTED', 'DECLINED'] as const;

/** The status in the vocabulary that every kind of invitation shares. */
export function statusOf(invitation: Invitation): InvitationStatus {
  if (invitation.type === 'ReviewInvitation') return STATUS_OF_DELIVERY[invitation.deliveryStatus];
  const { recipients } = invitation;
  const [recipient] = recipients;
  if (recipients.length === 1 && recipient !== undefined) return recipient.status;
  return LOUDEST_FIRST.find((status) => recipients.some((recipient) => recipient.status === status)) ?? 'UNKNOWN';
}

const HOURS = 3_600_000;

// A whole day is over when it is over everywhere: 24 hours of it, and 12 more for the last time zone to get there.
function endOf(time: EventTime): number {
  if (time.dateTime !== null) return Date.parse(time.dateTime);
  if (time.date !== null) return Date.parse(time.date) + 36 * HOURS;
  return Number.POSITIVE_INFINITY;
}
