// An invitation by e-mail, and the query that asks for one.

import { checkedRef } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import { builder } from './builder.ts';
import { Invitation, Node } from './invitation.ts';
import { addRefInput, MAX_AGE_SECONDS, maxAgeMsOf } from './ref-input.ts';
import { selectionOf } from './selection.ts';

const NAMED_BY = {
  invitationId: { required: true, description: 'The id Starpost gave when the invitation was sent.' },
  businessUnitId: { description: "Whose it is. Default: the business unit of this gateway's account." },
} as const;

addRefInput('emailInvitation', {
  type: 'EmailInvitation',
  input: builder.inputType('EmailInvitationRef', {
    description: 'Names an invitation by e-mail.',
    fields: (t) => ({
      invitationId: t.id(NAMED_BY.invitationId),
      businessUnitId: t.id(NAMED_BY.businessUnitId),
    }),
  }),
  description: 'An invitation by e-mail.',
});

const MailStatus = builder.enumType('MailStatus', {
  description: 'The way of an e-mail.',
  values: {
    QUEUED: { description: 'Not sent yet.' },
    SENT: { description: 'Sent.' },
    OPENED: { description: 'Opened.' },
    CLICKED: { description: 'Its link was followed.' },
    REVIEWED: { description: 'A review was written. Final.' },
    BOUNCED: { description: 'It could not be delivered. Final.' },
    UNKNOWN: { description: 'The provider said nothing, or something this gateway does not know: see `rawStatus`.' },
  } as const,
});

const EmailInvitation = builder.objectRef<Snapshot<'EmailInvitation'>>('EmailInvitation').implement({
  description: 'A request to review a business, sent by e-mail through Starpost.',
  interfaces: [Invitation, Node],
  fields: (t) => ({
    invitationId: t.exposeID('invitationId', { description: "The provider's id of it." }),
    businessUnitId: t.exposeID('businessUnitId', { description: 'Whose it is.' }),
    mailStatus: t.expose('mailStatus', { type: MailStatus, description: 'How far the e-mail has come.' }),
  }),
});

builder.queryField('emailInvitation', (t) =>
  t.field({
    type: EmailInvitation,
    nullable: true,
    description: 'One invitation by e-mail; null where Starpost knows none with this id.',
    args: {
      invitationId: t.arg.id(NAMED_BY.invitationId),
      businessUnitId: t.arg.id(NAMED_BY.businessUnitId),
      maxAgeSeconds: t.arg.int(MAX_AGE_SECONDS),
    },
    resolve: (_, { maxAgeSeconds, ...named }, context, info) => {
      const ref = checkedRef('EmailInvitation', named, context.defaultsOf('EmailInvitation'));
      return context.loaders.invitation.load({
        ref,
        maxAgeMs: maxAgeMsOf(maxAgeSeconds),
        selection: selectionOf(info),
      });
    },
  }),
);
