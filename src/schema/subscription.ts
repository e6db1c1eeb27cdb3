// The live side: every change of the invitations on a screen.

import { kindOf } from '../invitation/kinds.ts';
import { BadUserInput, ProblemOfRef } from '../invitation/problem.ts';
import { type Ref, refOf } from '../invitation/ref.ts';
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
      'The current state of each ref at once, then every change of it. A slow reader gets the newest state. It completes when nothing in it can change any more, and after 15 to 30 minutes: subscribe again then. What is not found is left out; what cannot be read now is an error, whose `extensions.refIndex` is its place among the refs (the first is 0), and its state follows.',
    args: { refs: t.arg({ type: [InvitationRefInput], required: true, description: 'Which ones, 1 to 100.' }) },
    subscribe: (_, { refs }, context, info) => {
      requireSize('refs', refs);
      const named = refs.map((input, refIndex) => refAt(refIndex, () => refOfInput(input, context)));
      return context.streams.open(named, selectionOf(info).withExtras, context.viewer, context.given);
    },
    resolve: async (event, _, context, info) => {
      if (event instanceof Error) throw event;
      const { extras } = kindOf(event);
      const selection = selectionOf(info);
      if (extras === null || !selection.withExtras || extras.without(event) !== event) return event;
      const ref = refOf(event);
      // Who is granted a part of it gets none.
      if (context.viewer.grants.of(ref) !== 'whole') return event;
      // The loaders of the subscription would give its first state for ever; and no extras older than the event will do.
      // Ages count whole milliseconds: one more, or a read as old as the event would not do.
      const maxAgeMs = Math.floor(context.ageMs(event) ?? 0) + 1;
      const [read] = await context.createLoaders().invitation.loadMany([ref], { maxAgeMs, selection });
      // An Error in a field's place is that field's error: the event is still sent.
      if (read instanceof Error) return { ...event, [extras.selectedBy[0]]: read };
      return read?.type === event.type ? extras.from(event, read) : event;
    },
  }),
);

/** @throws ProblemOfRef where the ref at this place can name no invitation. */
function refAt(refIndex: number, refOf: () => Ref): Ref {
  try {
    return refOf();
  } catch (error) {
    throw error instanceof BadUserInput ? new ProblemOfRef(error, refIndex) : error;
  }
}
