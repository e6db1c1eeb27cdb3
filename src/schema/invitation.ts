// The shared Invitation interface, Relay's Node above it, and the queries that answer with any kind of invitation.

import type { GraphQLResolveInfo } from 'graphql';
import { kindOf } from '../invitation/kinds.ts';
import { BadUserInput } from '../invitation/problem.ts';
import { PROVIDERS } from '../invitation/provider.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshot, Staleness as StalenessDomain } from '../invitation/snapshot.ts';
import type { Outcome } from '../loaders/invitation-loader.ts';
import { type Asked, builder, type Context } from './builder.ts';
import { InvitationRefInput, MAX_AGE_SECONDS, maxAgeMsOf, refOfId, refOfInput } from './ref-input.ts';
import { selectionOf } from './selection.ts';

/** Most invitations that one list may name. */
const MAX_REFS = 100;

export const Provider = builder.enumType('Provider', {
  description: 'Who sends an invitation and knows how it is doing.',
  values: Object.fromEntries(
    Object.entries(PROVIDERS).map(([name, { title, sends }]) => [name, { description: `${title}: ${sends}.` }]),
  ),
});

export const InvitationStatus = builder.enumType('InvitationStatus', {
  description:
    'One vocabulary for every kind of invitation, for a badge. Each type has its own, finer status beside it.',
  values: {
    PENDING: {
      description: 'On its way, or waiting for a reply; of several recipients, at least one has not replied yet.',
    },
    DELIVERED: { description: 'It arrived. An invitation that nobody replies to in the provider ends here.' },
    ACCEPTED: {
      description: 'The recipient accepted; of several, at least one did, and nobody is pending or tentative.',
    },
    TENTATIVE: {
      description: 'The recipient accepted tentatively; of several, at least one did, and nobody is pending.',
    },
    DECLINED: {
      description:
        'The recipient declined; of several, at least one did, and nobody is pending, tentative or has accepted.',
    },
    FAILED: { description: 'It could not be sent or delivered.' },
    UNKNOWN: {
      description:
        'The provider said nothing, or something this gateway does not know: see `rawStatus`; of several, that holds for all.',
    },
  } as const,
});

const StalenessReason = builder.enumType('StalenessReason', {
  description: 'Why an answer is older, or less certain, than was wanted.',
  values: {
    RATE_LIMITED: {
      description: 'The quota of calls to the provider is used up for now, or too many calls wait for the provider.',
    },
    TIMEOUT: { description: 'The provider took too long to answer.' },
    UNAVAILABLE: { description: 'The provider is failing, or cannot be reached.' },
    UNCONFIRMED: { description: 'The provider has notified the gateway of this state, and no read has confirmed it.' },
  } as const,
});

const Staleness = builder.objectRef<StalenessDomain>('Staleness').implement({
  description: 'Why an answer is older, or less certain, than was wanted, and when a newer one can be had.',
  fields: (t) => ({
    reason: t.expose('reason', { type: StalenessReason, description: 'What stands in the way of a newer answer.' }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From when on asking again may give a newer one; null where that is not known.',
    }),
  }),
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
    externalId: t.exposeID('externalId', {
      description: "The provider's id of it, as it was asked for. Not unique alone: `id` is.",
    }),
    provider: t.field({
      type: Provider,
      description: 'Who sent it.',
      resolve: (snapshot) => kindOf(snapshot).provider,
    }),
    status: t.expose('status', {
      type: InvitationStatus,
      description: 'How it is doing, in the vocabulary that all invitations share.',
    }),
    rawStatus: t.exposeString('rawStatus', {
      nullable: true,
      description:
        "The provider's own word for the whole invitation; null where it said none, and where there are several recipients.",
    }),
    isFinal: t.exposeBoolean('isFinal', { description: 'Nothing more will change: stop polling it.' }),
    observedAt: t.expose('observedAt', { type: 'DateTime', description: 'When the provider last told us this.' }),
    isStale: t.boolean({
      description: 'Whether `staleness` is set: for a badge. Show the answer, and say how old it is.',
      resolve: ({ staleness }) => staleness !== null,
    }),
    staleness: t.expose('staleness', {
      type: Staleness,
      nullable: true,
      description: 'Why this is older, or less certain, than was wanted; null where it is fresh.',
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
      return context.loaders.invitation.load({ ref: refOfId(id), maxAgeMs: null, selection: selectionOf(info) });
    },
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: `Several objects by their global ids, at most ${MAX_REFS}, in the order asked; null where there is none.`,
    args: { ids: t.arg.idList({ required: true, description: 'Global ids from earlier answers.' }) },
    resolve: (_, { ids }, context, info) => {
      requireSize('ids', ids);
      return loadAll(askedOf(ids, refOfId, context), null, context, info);
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
      const wish = { ref: refOfInput(ref, context), maxAgeMs, selection: selectionOf(info) };
      return context.loaders.invitation.load(wish);
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
      return loadAll(askedOf(refs, refOfInput, context), maxAgeMs, context, info);
    },
  }),
}));

/** Each in its place: what names no invitation stays as it is, everything else is read. */
export function loadAll(
  { places, refs }: Asked,
  maxAgeMs: number | null,
  context: Context,
  info: GraphQLResolveInfo,
): (Snapshot | null)[] | Promise<(Snapshot | null)[]> {
  const loaded = context.loaders.invitation.loadMany(refs, { maxAgeMs, selection: selectionOf(info) });
  return loaded instanceof Promise ? loaded.then((outcomes) => inPlace(places, outcomes)) : inPlace(places, loaded);
}

function inPlace(places: Asked['places'], outcomes: readonly Outcome[]): (Snapshot | null)[] {
  let next = 0;
  const isInPlace = outcomes.length === places.length;
  const results = isInPlace ? outcomes : places.map((place) => (isRef(place) ? (outcomes[next++] ?? null) : place));
  // An Error in a list is its item's error, to every executor; Pothos alone has no type for it.
  return results as (Snapshot | null)[];
}

function isRef(place: Ref | Error | null): place is Ref {
  return place !== null && !(place instanceof Error);
}

/**
 * What a list asks for. One list, in a variable, may be named by every field of an operation: it is gone through once.
 */
export function askedOf<T>(
  list: readonly T[],
  refOf: (entry: T, context: Context) => Ref | null,
  context: Context,
): Asked {
  const known = context.asked?.get(list);
  if (known !== undefined) return known;
  const places = list.map((entry) => refOrFault(entry, refOf, context));
  const asked = { places, refs: places.every(isRef) ? places : places.filter(isRef) };
  context.asked ??= new Map();
  context.asked.set(list, asked);
  return asked;
}

function refOrFault<T>(
  entry: T,
  refOf: (entry: T, context: Context) => Ref | null,
  context: Context,
): Ref | BadUserInput | null {
  try {
    return refOf(entry, context);
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
