// Everything that the schema can give of an invitation, asked for by every field that gives one: made of the schema, so that
// a new field is walked, too.

import { type GraphQLOutputType, getNamedType, isAbstractType, isObjectType } from 'graphql';
import { schema as api } from '../../src/schema/index.ts';
import { subgraphOf } from '../../src/schema/subgraph.ts';

/** It has all that the API has. */
const schema = subgraphOf(api);

/** All fields of a type, and of what is in them. */
export function everythingOf(type: GraphQLOutputType | string): string {
  const named = typeof type === 'string' ? schema.getType(type) : getNamedType(type);
  if (named === undefined) throw new TypeError('the schema has no such type');
  if (isAbstractType(named)) {
    const parts = schema.getPossibleTypes(named).map((each) => `... on ${each.name} ${everythingOf(each.name)}`);
    return `{ __typename ${parts.join(' ')} }`;
  }
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields()).map((field) => `${field.name} ${everythingOf(field.type)}`);
  return `{ __typename ${fields.join(' ')} }`;
}

export interface Asked {
  readonly smartInviteId: string;
  readonly recipientEmail: string | null;
  readonly id: string;
}

type Walk = readonly [field: string, document: (asked: Asked) => string];

const refOf = ({ smartInviteId, recipientEmail }: Asked) =>
  `{ smartInvite: { smartInviteId: "${smartInviteId}", recipientEmail: ${JSON.stringify(recipientEmail)} } }`;

/** A document for each field of Query and Subscription that gives invitations. */
const WALKS: readonly Walk[] = [
  ['node', ({ id }) => `{ node(id: "${id}") ${everythingOf('Node')} }`],
  ['nodes', ({ id }) => `{ nodes(ids: ["${id}"]) ${everythingOf('Node')} }`],
  ['invitation', (asked) => `{ invitation(ref: ${refOf(asked)}) ${everythingOf('Invitation')} }`],
  [
    'invitations',
    (asked) => `{ invitations(refs: [${refOf(asked)}, { id: "${asked.id}" }]) ${everythingOf('Invitation')} }`,
  ],
  [
    'smartInvite',
    ({ smartInviteId, recipientEmail }) =>
      `{ smartInvite(smartInviteId: "${smartInviteId}", recipientEmail: ${JSON.stringify(recipientEmail)}) ${everythingOf('SmartInvite')} }`,
  ],
  [
    '_entities',
    ({ id }) => {
      const representations = ['SmartInvite', 'Invitation'].map((type) => `{ __typename: "${type}", id: "${id}" }`);
      return `{ _entities(representations: [${representations}]) ${everythingOf('_Entity')} }`;
    },
  ],
  [
    'invitationChanged',
    (asked) => `subscription { invitationChanged(refs: [${refOf(asked)}]) ${everythingOf('Invitation')} }`,
  ],
];

const SUBSCRIBED = ['invitationChanged'];
/** What a subgraph alone has. */
const ROUTED = ['_entities'];

export const QUERIES_OF_SUBGRAPH: readonly Walk[] = WALKS.filter(([field]) => !SUBSCRIBED.includes(field));
export const QUERIES: readonly Walk[] = QUERIES_OF_SUBGRAPH.filter(([field]) => !ROUTED.includes(field));
export const SUBSCRIPTIONS: readonly Walk[] = WALKS.filter(([field]) => SUBSCRIBED.includes(field));

/** The fields of Query and Subscription by which a Smart Invite can be had, however deep, in a subgraph. */
export function fieldsThatGiveInvitations(): string[] {
  return [schema.getQueryType(), schema.getSubscriptionType()]
    .flatMap((type) => Object.values(type?.getFields() ?? {}))
    .filter(({ type }) => leadsToInvites(type))
    .map(({ name }) => name);
}

function leadsToInvites(type: GraphQLOutputType, before: ReadonlySet<string> = new Set()): boolean {
  const named = getNamedType(type);
  if (named.name === 'SmartInvite') return true;
  if (before.has(named.name)) return false;
  const within = isAbstractType(named)
    ? schema.getPossibleTypes(named)
    : isObjectType(named)
      ? Object.values(named.getFields()).map((field) => field.type)
      : [];
  return within.some((each) => leadsToInvites(each, new Set([...before, named.name])));
}
