// The live side: every change of the invitations on a screen.

import type { Snapshot } from '../invitation/invitation.ts';
import { refOf } from '../invitation/ref.ts';
import { builder } from './builder.ts';
import { Invitation, requireSize } from './invitation.ts';
import { InvitationRefInput, refOfInput } from './ref-input.ts';
import { selectionOf } from './selection.ts';

builder.subscriptionType({
  description: 'What can be watched, over Server-Sent Events or WebSocket on the same path.',
});

builder.subscriptionField('invitationChanged', (t) =>
  t.field({
    type: Invitation,
    description:
      'The current state of each ref at once, then every change of it. A slow reader gets the newest state. It completes when nothing in it can change any more, and after 15 to 30 minutes: subscribe again then. What is not found is left out; what cannot be read now is an error, and its state follows.',
    args: { refs: t.arg({ type: [InvitationRefInput], required: true, description: 'Which ones, 1 to 100.' }) },
    subscribe: (_, { refs }, context, info) => {
      requireSize('refs', refs);
      const named = refs.flatMap((input) => refOfInput(input, context) ?? []);
      return context.streams.open(named, selectionOf(info).withIcalendar, context.callerId);
    },
    resolve: async (event, _, context, info) => {
      if (event instanceof Error) throw event;
      const selection = selectionOf(info);
      if (event.type !== 'SmartInvite' || event.attachments !== null || !selection.withIcalendar) return event;
      // The loaders of the subscription would give its first state for ever; and no ICS older than the event will do.
      // Ages count whole milliseconds: one more, or a read as old as the event would not do.
      const wish = { ref: refOf(event), selection, maxAgeMs: Date.now() - event.observedAt.getTime() + 1 };
      // An Error in a field's place is that field's error: the state is told all the same.
      const [read] = await context.createLoaders().invitation.loadMany([wish]);
      const attachments = read instanceof Error ? read : read?.type === 'SmartInvite' ? read.attachments : null;
      return { ...event, attachments } as Snapshot;
    },
  }),
);
