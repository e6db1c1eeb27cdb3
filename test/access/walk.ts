// Everything that the schema can give of an invitation, asked for by every field that gives one: made of the schema, so that
// a new field is walked, too.

import { readFileSync } from 'node:fs';
import { buildASTSchema, type GraphQLOutputType, getNamedType, isAbstractType, isObjectType, parse } from 'graphql';

const schema = buildASTSchema(parse(readFileSync('schema.graphql', 'utf8')));

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
    'invitationChanged',
    (asked) => `subscription { invitationChanged(refs: [${refOf(asked)}]) ${everythingOf('Invitation')} }`,
  ],
];

export const QUERIES: readonly Walk[] = WALKS.filter(([field]) => field !== 'invitationChanged');
export const SUBSCRIPTIONS: readonly Walk[] = WALKS.filter(([field]) => field === 'invitationChanged');

/** The fields of Query and Subscription by which a Smart Invite can be had, however deep. */
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
