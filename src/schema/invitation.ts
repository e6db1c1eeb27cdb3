// The shared Invitation interface, Relay's Node above it, and the queries that answer with any kind of invitation.

import type { GraphQLResolveInfo } from 'graphql';
import type { Snapshot } from '../invitation/invitation.ts';
import { BadUserInput } from '../invitation/problem.ts';
import { PROVIDER_OF, type Ref } from '../invitation/ref.ts';
import type { Outcome, Wish } from '../loaders/invitation-loader.ts';
import { builder, type Context } from './builder.ts';
import { InvitationRefInput, MAX_AGE_SECONDS, maxAgeMsOf, refOfId, refOfInput } from './ref-input.ts';
import { selectionOf } from './selection.ts';

/** Most invitations that one list may name. */
export const MAX_REFS = 100;

export const Provider = builder.enumType('Provider', {
  description: 'Who sends an invitation and knows how it is doing.',
  values: {
    CRONOFY: { description: 'Cronofy: calendar invitations by e-mail (Smart Invites).' },
    PARTOO: { description: 'Partoo: review invitations by SMS.' },
  } as const,
});

export const InvitationStatus = builder.enumType('InvitationStatus', {
  description:
    'One vocabulary for every kind of invitation, for a badge. Each type has its own, finer status beside it.',
  values: {
    PENDING: { description: 'On its way, or waiting for a reply.' },
    DELIVERED: { description: 'It arrived. Review invitations end here.' },
    ACCEPTED: {
      description: 'The recipient accepted; of several recipients at least one did and nobody is undecided.',
    },
    TENTATIVE: {
      description: 'The recipient accepted tentatively; of several, at least one did and all have replied.',
    },
    DECLINED: { description: 'The recipient declined; of several, all did.' },
    FAILED: { description: 'It could not be sent or delivered.' },
    UNKNOWN: { description: 'The provider said nothing, or something this gateway does not know: see `rawStatus`.' },
  } as const,
});

export const Node = builder.interfaceRef<Snapshot>('Node').implement({
  description: 'Anything that can be fetched again by its global id.',
  resolveType: (snapshot) => snapshot.type,
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'Global, opaque and URL-safe: store it, compare it, send it back; never take it apart.',
    }),
  }),
});

export const Invitation = builder.interfaceRef<Snapshot>('Invitation').implement({
  description: 'An invitation sent to somebody through a provider.',
  interfaces: [Node],
  resolveType: (snapshot) => snapshot.type,
  fields: (t) => ({
    provider: t.field({
      type: Provider,
      description: 'Who sent it.',
      resolve: (snapshot) => PROVIDER_OF[snapshot.type],
    }),
    status: t.expose('status', {
      type: InvitationStatus,
      description: 'How it is doing, in the vocabulary that all invitations share.',
    }),
    isFinal: t.exposeBoolean('isFinal', { description: 'Nothing more will change: stop polling it.' }),
    observedAt: t.expose('observedAt', { type: 'DateTime', description: 'When the provider last told us this.' }),
    isStale: t.exposeBoolean('isStale', {
      description: 'Older than was wanted, because the provider could not be asked: show it, and say how old it is.',
    }),
  }),
});

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: 'Any object by its global id; null where there is none.',
    args: { id: t.arg.id({ required: true, description: 'A global id from an earlier answer.' }) },
    resolve: (_, { id }, context, info) => {
      const ref = refOfId(id);
      return ref && context.loaders.invitation.load({ ref, maxAgeMs: null, selection: selectionOf(info) });
    },
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: `Several objects by their global ids, at most ${MAX_REFS}, in the order asked; null where there is none.`,
    args: { ids: t.arg.idList({ required: true, description: 'Global ids from earlier answers.' }) },
    resolve: (_, { ids }, context, info) => {
      requireSize('ids', ids);
      return loadAll(ids.map(refOfId), null, context, info);
    },
  }),
  invitation: t.field({
    type: Invitation,
    nullable: true,
    description: 'One invitation of any kind; null where the provider knows none.',
    args: {
      ref: t.arg({ type: InvitationRefInput, required: true, description: 'Which one.' }),
      maxAgeSeconds: t.arg.int(MAX_AGE_SECONDS),
    },
    resolve: (_, { ref, maxAgeSeconds }, context, info) => {
      const maxAgeMs = maxAgeMsOf(maxAgeSeconds);
      const found = refOfInput(ref, context);
      return found && context.loaders.invitation.load({ ref: found, maxAgeMs, selection: selectionOf(info) });
    },
  }),
  invitations: t.field({
    type: [Invitation],
    nullable: { list: false, items: true },
    description: `A page of invitations of any kind, at most ${MAX_REFS}, in the order asked. What is not found is null without an error, what failed is null with one, and neither takes a sibling along. An invitation named twice is read once.`,
    args: {
      refs: t.arg({ type: [InvitationRefInput], required: true, description: 'Which ones.' }),
      maxAgeSeconds: t.arg.int(MAX_AGE_SECONDS),
    },
    resolve: (_, { refs, maxAgeSeconds }, context, info) => {
      const maxAgeMs = maxAgeMsOf(maxAgeSeconds);
      requireSize('refs', refs);
      return loadAll(
        refs.map((input) => refOrFault(input, context)),
        maxAgeMs,
        context,
        info,
      );
    },
  }),
}));

type Named = Ref | null | Error;

/** Each in its place: what cannot be named stays what it is, everything else is read. */
function loadAll(
  refs: readonly Named[],
  maxAgeMs: number | null,
  context: Context,
  info: GraphQLResolveInfo,
): (Snapshot | null)[] | Promise<(Snapshot | null)[]> {
  const selection = selectionOf(info);
  const wishes: Wish[] = [];
  for (const ref of refs) if (ref !== null && !(ref instanceof Error)) wishes.push({ ref, maxAgeMs, selection });
  const loaded = context.loaders.invitation.loadMany(wishes);
  return loaded instanceof Promise ? loaded.then((outcomes) => inPlace(refs, outcomes)) : inPlace(refs, loaded);
}

function inPlace(refs: readonly Named[], outcomes: readonly Outcome[]): (Snapshot | null)[] {
  let next = 0;
  const results = refs.map((ref) => (ref === null || ref instanceof Error ? ref : (outcomes[next++] ?? null)));
  // An Error in a list is its item's error, to every executor; Pothos alone has no type for it.
  return results as (Snapshot | null)[];
}

function refOrFault(input: typeof InvitationRefInput.$inferInput, context: Context): Ref | null | Error {
  try {
    return refOfInput(input, context);
  } catch (error) {
    if (error instanceof BadUserInput) return error;
    throw error;
  }
}

/** @throws BadUserInput where a list names nothing, or too much. */
export function requireSize(argument: string, list: readonly unknown[]): void {
  if (list.length >= 1 && list.length <= MAX_REFS) return;
  throw new BadUserInput(
    `${argument} has ${list.length} entries: give 1 to ${MAX_REFS}, and ask for more in several operations.`,
  );
}
