// A review invitation, and the query that asks for one.

import { checkedRef } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import { builder } from './builder.ts';
import { Invitation, Node } from './invitation.ts';
import { addRefInput, MAX_AGE_SECONDS, maxAgeMsOf } from './ref-input.ts';
import { selectionOf } from './selection.ts';

const INVITATION_ID = { required: true, description: 'The id Partoo gave when the invitation was sent.' } as const;

addRefInput('reviewInvitation', {
  type: 'ReviewInvitation',
  input: builder.inputType('ReviewInvitationRef', {
    description: 'Names a review invitation.',
    fields: (t) => ({ invitationId: t.id(INVITATION_ID) }),
  }),
  description: 'A review invitation.',
});

const DeliveryStatus = builder.enumType('DeliveryStatus', {
  description: "The way of a review invitation's SMS.",
  values: {
    CREATED: { description: 'Accepted by the provider, not sent yet.' },
    SENT: { description: 'Handed to the mobile network.' },
    FAILED_SEND: { description: 'Could not be handed to the mobile network. Final.' },
    DELIVERED: { description: 'Arrived on the phone. Final. It says nothing of whether a review was written.' },
    FAILED_DELIVERY: { description: 'The mobile network could not deliver it. Final.' },
    UNKNOWN: { description: 'The provider said nothing, or something this gateway does not know: see `rawStatus`.' },
  } as const,
});

const ReviewInvitation = builder.objectRef<Snapshot<'ReviewInvitation'>>('ReviewInvitation').implement({
  description: 'A request to review a business, sent by SMS through Partoo.',
  interfaces: [Invitation, Node],
  fields: (t) => ({
    invitationId: t.exposeID('invitationId', { description: "The provider's id of it, as it was asked for." }),
    deliveryStatus: t.expose('deliveryStatus', { type: DeliveryStatus, description: 'How far the SMS has come.' }),
  }),
});

builder.queryField('reviewInvitation', (t) =>
  t.field({
    type: ReviewInvitation,
    nullable: true,
    description: 'One review invitation; null where Partoo knows none with this id.',
    args: { invitationId: t.arg.id(INVITATION_ID), maxAgeSeconds: t.arg.int(MAX_AGE_SECONDS) },
    resolve: (_, { invitationId, maxAgeSeconds }, { loaders }, info) => {
      const ref = checkedRef('ReviewInvitation', { invitationId });
      return loaders.invitation.load({ ref, maxAgeMs: maxAgeMsOf(maxAgeSeconds), selection: selectionOf(info) });
    },
  }),
);
