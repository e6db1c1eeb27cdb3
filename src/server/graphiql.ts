// The tabs that GraphiQL opens with: working queries for a developer who looks around, each with a comment that says what
// to see in it. What they select is taken from the schema, so that a new kind of invitation is in them. What they ask for
// are the sandbox's invitations, or placeholders where the accounts are real.

import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  parse,
  print,
} from 'graphql';
import { isInvitationType, kindOf } from '../invitation/kinds.ts';
import type { GraphiqlTab } from './graphiql-html.ts';

/** What the tabs ask for. */
export interface GraphiqlExamples {
  /** Each an `InvitationRef`: for a page, and for a stream. */
  readonly page: readonly object[];
  readonly live: readonly object[];
  /** By the field of Query that gives one invitation of a kind: its arguments. */
  readonly one: Readonly<Record<string, object>>;
  /** A global id. */
  readonly id: string;
}

/** @param asksForTokens Whether the first tab says where a token goes. */
export function graphiqlTabs(
  schema: GraphQLSchema,
  examples = placeholders(schema),
  asksForTokens = false,
): readonly GraphiqlTab[] {
  const kinds = kindsOf(schema);
  const parts = kinds.map((kind) => `... on ${kind.name} { ${briefly(kind)} }`).join(' ');
  return [
    tab(
      `${asksForTokens ? PASTE_A_TOKEN : ''}One page, every provider. Run it (Ctrl-Enter), and again a little later: some move on.`,
      `query Page {
        invitations(refs: ${REFS}) {
          __typename id provider status isFinal observedAt staleness { reason } ${parts}
        }
      }`,
      { refs: examples.page },
    ),
    ...kinds.flatMap((kind) => oneOf(schema, kind, examples)),
    tab(
      'Live: leave it running and watch states change as they do.',
      `subscription Live {
        invitationChanged(refs: ${REFS}) { __typename id externalId status observedAt isStale }
      }`,
      { refs: examples.live },
    ),
    tab(
      'Any object again by its global id, as Relay and normalized caches do. Paste an id from another answer.',
      'query Again($id: ID!) { node(id: $id) { id ... on Invitation { status observedAt } } }',
      { variables: { id: examples.id } },
    ),
    tab(
      'Which providers this gateway can ask, and how many calls are left.',
      'query Providers { providers { provider isConfigured circuit quota { limit remaining resetsAt } } }',
    ),
  ];
}

const PASTE_A_TOKEN =
  'Paste a token into the Headers tab below, after "Bearer ". A reload forgets it. Where the documentation stays empty, load it again with the button that shows two arrows.\n\n';

/** Stands in a document for its list of refs, which is put there a ref a line. */
const REFS = 'REFS';

interface Asked {
  readonly refs?: readonly object[];
  readonly variables?: object | undefined;
}

// Refs are no variables, because those of GraphiQL's first tab are not there when the page is loaded.
function tab(comment: string, document: string, { refs = [], variables }: Asked = {}): GraphiqlTab {
  const list = `[\n${refs.map((ref) => `    ${literalOf(ref)}\n`).join('')}  ]`;
  const query = `${commentOf(comment)}\n${print(parse(document)).replace(REFS, list)}\n`;
  return variables === undefined ? { query } : { query, variables: JSON.stringify(variables, null, 2) };
}

/** In lines that an editor shows whole on a phone, and beside the documentation in a window of 1280 pixels. */
function commentOf(text: string): string {
  const lines = text.split('\n').flatMap((paragraph) => paragraph.match(/\S.{0,31}(?=\s|$)/g) ?? ['']);
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n');
}

/** One invitation of a kind, with everything that there is of it. */
function oneOf(schema: GraphQLSchema, kind: GraphQLObjectType, examples: GraphiqlExamples): readonly GraphiqlTab[] {
  const field = fieldGiving(schema, kind);
  if (field === undefined) return [];
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  return [
    tab(
      'One invitation, with everything that there is of it.',
      `query One${kind.name}(${declared}) { ${field.name}(${passed}) { ${wholly(kind)} } }`,
      { variables: examples.one[field.name] },
    ),
  ];
}

function kindsOf(schema: GraphQLSchema): readonly GraphQLObjectType[] {
  const invitation = schema.getType('Invitation');
  return isInterfaceType(invitation) ? schema.getPossibleTypes(invitation) : [];
}

/** The field of Query that gives one invitation of this kind. */
function fieldGiving(schema: GraphQLSchema, kind: GraphQLObjectType): GraphQLField<unknown, unknown> | undefined {
  return Object.values(schema.getQueryType()?.getFields() ?? {}).find(({ type }) => getNullableType(type) === kind);
}

/** What a kind has beside the interface, and of its objects what is no object again; without its lists and extras. */
function briefly(kind: GraphQLObjectType): string {
  const shared = new Set(kind.getInterfaces().flatMap((one) => Object.keys(one.getFields())));
  const extras = isInvitationType(kind.name) ? kindOf({ type: kind.name }).extras?.selectedBy[0] : undefined;
  return Object.values(kind.getFields())
    .filter(({ name, type }) => !shared.has(name) && name !== extras && !isListType(getNullableType(type)))
    .map((field) => selected(field, (type) => leavesOf(type)))
    .join(' ');
}

function wholly(type: GraphQLObjectType): string {
  return Object.values(type.getFields())
    .map((field) => selected(field, wholly))
    .join(' ');
}

function leavesOf(type: GraphQLObjectType): string {
  return Object.values(type.getFields())
    .filter((field) => isLeafType(getNamedType(field.type)))
    .map(({ name }) => name)
    .join(' ');
}

function selected({ name, type }: GraphQLField<unknown, unknown>, of: (type: GraphQLObjectType) => string): string {
  const named = getNamedType(type);
  return isObjectType(named) ? `${name} { ${of(named)} }` : name;
}

/** What a developer replaces with what is in their accounts. */
function placeholders(schema: GraphQLSchema): GraphiqlExamples {
  const input = schema.getType('InvitationRef');
  const fields = isInputObjectType(input) ? Object.values(input.getFields()) : [];
  const refs = fields.flatMap(({ name, type }) => {
    const named = getNamedType(type);
    if (!isInputObjectType(named)) return [];
    return [{ [name]: filled(Object.values(named.getFields()).filter(isRequiredInputField)) }];
  });
  const givers = kindsOf(schema).flatMap((kind) => fieldGiving(schema, kind) ?? []);
  return {
    page: refs,
    live: refs,
    one: Object.fromEntries(givers.map(({ name, args }) => [name, filled(args.filter(isRequiredArgument))])),
    id: 'AN-ID-FROM-ANOTHER-ANSWER',
  };
}

/** A value as it stands in a document. */
function literalOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, each]) => `${name}: ${literalOf(each)}`);
  return `{ ${fields.join(', ')} }`;
}

function filled(parts: readonly { readonly name: string }[]): object {
  return Object.fromEntries(parts.map(({ name }) => [name, `YOUR-${name.replace(/[A-Z]/g, '-$&').toUpperCase()}`]));
}
