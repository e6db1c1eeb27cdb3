// A Smart Invite with everything it holds, and the query that asks for one.

import { checkedRef } from '../invitation/ref.ts';
import type { SmartInvite as Domain } from '../invitation/smart-invite.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import { builder } from './builder.ts';
import { Invitation, Node } from './invitation.ts';
import { addRefInput, MAX_AGE_SECONDS, maxAgeMsOf } from './ref-input.ts';
import { selectionOf } from './selection.ts';

const CronofyDataCenter = builder.enumType('CronofyDataCenter', {
  description: "One of Cronofy's data centers. An invite exists in the one it was created in, and in no other.",
  values: {
    AU: { description: 'Australia.' },
    CA: { description: 'Canada.' },
    DE: { description: 'Germany.' },
    SG: { description: 'Singapore.' },
    UK: { description: 'United Kingdom.' },
    US: { description: 'United States.' },
  } as const,
});

/** What names a Smart Invite, as fields of an input and as arguments of a field. */
const NAMED_BY = {
  smartInviteId: { required: true, description: 'The id your application gave the invite when it was created.' },
  recipientEmail: {
    description: 'The person whose invite it is. Leave it out to read an invite to several people as a whole.',
  },
  dataCenter: {
    type: CronofyDataCenter,
    description: "Where the invite was created. Default: the data center this gateway's account is in.",
  },
} as const;

addRefInput('smartInvite', {
  type: 'SmartInvite',
  input: builder.inputType('SmartInviteRef', {
    description: 'Names a Smart Invite.',
    fields: (t) => ({
      smartInviteId: t.id(NAMED_BY.smartInviteId),
      recipientEmail: t.string(NAMED_BY.recipientEmail),
      dataCenter: t.field(NAMED_BY.dataCenter),
    }),
  }),
  description: 'A Smart Invite.',
});

const ReplyStatus = builder.enumType('ReplyStatus', {
  description: 'What somebody answered to a calendar invitation.',
  values: {
    PENDING: { description: 'No answer yet. A cancelled invite stays here: Cronofy has no status for it.' },
    ACCEPTED: { description: 'Accepted.' },
    TENTATIVE: { description: 'Accepted tentatively.' },
    DECLINED: { description: 'Declined.' },
    UNKNOWN: { description: 'The provider said nothing, or something this gateway does not know: see `rawStatus`.' },
  } as const,
});

const EventTime = builder.objectRef<Domain['event']['start']>('EventTime').implement({
  description: 'A moment, or a whole day: one of `dateTime` and `date` is set.',
  fields: (t) => ({
    dateTime: t.expose('dateTime', {
      type: 'DateTime',
      nullable: true,
      description: 'The moment, with the offset the provider gave; null for a whole day.',
    }),
    date: t.expose('date', { type: 'Date', nullable: true, description: 'The day, for an all-day event; else null.' }),
    timeZone: t.expose('timeZone', {
      type: 'TimeZone',
      nullable: true,
      description:
        "The zone to show it in. It may disagree with the offset of `dateTime`: the provider's own data does.",
    }),
  }),
});

const Proposal = builder.objectRef<NonNullable<Domain['replies'][number]['proposal']>>('Proposal').implement({
  description: 'Another time that somebody proposed in a reply.',
  fields: (t) => ({
    start: t.expose('start', { type: EventTime, description: 'When it would begin.' }),
    end: t.expose('end', { type: EventTime, description: 'When it would end.' }),
  }),
});

const SmartInviteReply = builder.objectRef<Domain['replies'][number]>('SmartInviteReply').implement({
  description: 'A person and what that person answered.',
  fields: (t) => ({
    email: t.expose('email', { type: 'EmailAddress', description: 'Whose answer it is.' }),
    status: t.expose('status', { type: ReplyStatus, description: 'The answer.' }),
    rawStatus: t.exposeString('rawStatus', {
      nullable: true,
      description: 'Exactly what the provider said; null if it said nothing.',
    }),
    comment: t.exposeString('comment', { nullable: true, description: 'What the person wrote along with the answer.' }),
    proposal: t.expose('proposal', {
      type: Proposal,
      nullable: true,
      description: 'Another time the person proposed; null if none.',
    }),
  }),
});

const EventLocation = builder.objectRef<{ description: string | null }>('EventLocation').implement({
  description: 'Where an event takes place.',
  fields: (t) => ({
    description: t.exposeString('description', { nullable: true, description: 'The place in words.' }),
  }),
});

const SmartInviteEvent = builder.objectRef<Domain['event']>('SmartInviteEvent').implement({
  description: 'The event that people are invited to.',
  fields: (t) => ({
    summary: t.exposeString('summary', { nullable: true, description: 'Its title.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is about.' }),
    start: t.expose('start', { type: EventTime, description: 'When it begins.' }),
    end: t.expose('end', {
      type: EventTime,
      description: 'When it ends; what is read of the invite from then on is final.',
    }),
    location: t.expose('location', { type: EventLocation, nullable: true, description: 'Where; null if not given.' }),
  }),
});

const SmartInviteAttachments = builder.objectRef<{ icalendar: string | null }>('SmartInviteAttachments').implement({
  description: 'What is attached to the e-mail that the recipient gets.',
  fields: (t) => ({
    icalendar: t.exposeString('icalendar', {
      nullable: true,
      description:
        'The iCalendar (ICS) text. The provider is asked for it only when this field is selected: it is large.',
    }),
  }),
});

const SmartInvite = builder.objectRef<Snapshot<'SmartInvite'>>('SmartInvite').implement({
  description: 'A calendar invitation sent by e-mail through Cronofy, to one person or several.',
  interfaces: [Invitation, Node],
  fields: (t) => ({
    smartInviteId: t.exposeID('smartInviteId', { description: 'The id your application gave it.' }),
    dataCenter: t.expose('dataCenter', { type: CronofyDataCenter, description: 'The data center it was found in.' }),
    recipient: t.expose('recipient', {
      type: SmartInviteReply,
      nullable: true,
      description: 'The person invited, with the answer; null for an invite to several people.',
    }),
    recipients: t.expose('recipients', {
      type: [SmartInviteReply],
      description:
        'Everyone invited, one or several, each with the answer; with a token for one recipient, that one alone.',
    }),
    replies: t.expose('replies', {
      type: [SmartInviteReply],
      description:
        'Every reply, also of people who were not invited (forwards, aliases, distribution lists); with a token for one recipient, the replies of that one alone.',
    }),
    callbackUrl: t.exposeString('callbackUrl', {
      nullable: true,
      description:
        'Where Cronofy sends notifications about this invite; null where it sends none, and with a token for one recipient.',
    }),
    event: t.expose('event', { type: SmartInviteEvent, description: 'The event.' }),
    attachments: t.expose('attachments', {
      type: SmartInviteAttachments,
      nullable: true,
      description:
        'What is attached to the e-mail; null where the provider has nothing, and with a token for one recipient.',
    }),
  }),
});

builder.queryField('smartInvite', (t) =>
  t.field({
    type: SmartInvite,
    nullable: true,
    description: 'One Smart Invite; null where Cronofy knows none with this id (and recipient) in this data center.',
    args: {
      smartInviteId: t.arg.id(NAMED_BY.smartInviteId),
      recipientEmail: t.arg.string(NAMED_BY.recipientEmail),
      dataCenter: t.arg(NAMED_BY.dataCenter),
      maxAgeSeconds: t.arg.int(MAX_AGE_SECONDS),
    },
    resolve: (_, { maxAgeSeconds, ...named }, context, info) => {
      const ref = checkedRef('SmartInvite', named, context.defaultsOf('SmartInvite'));
      const maxAgeMs = maxAgeMsOf(maxAgeSeconds);
      return context.loaders.invitation.load({ ref, maxAgeMs, selection: selectionOf(info) });
    },
  }),
);
