// Random documents of our schema, valid by construction as far as may be: fragments in fragments, aliases, inline
// fragments on interfaces and types, @include and @skip everywhere, the same field by several ways.

import fc from 'fast-check';
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  parse,
  print,
  visit,
} from 'graphql';

/** Booleans that conditions name; each document declares those that it uses. */
export const CONDITIONS = ['a', 'b', 'c', 'd'] as const;

const DECLARATIONS: Readonly<Record<string, readonly string[]>> = {
  a: ['Boolean!', 'Boolean! = true', 'Boolean = false'],
  b: ['Boolean!', 'Boolean = true'],
  c: ['Boolean!'],
  d: ['Boolean!'],
  id: ['ID!', 'ID! = "WyJSZXZpZXdJbnZpdGF0aW9uIiwiMyJd"'],
  ids: ['[ID!]!'],
  ref: ['InvitationRef!', 'InvitationRef! = { reviewInvitation: { invitationId: "2" } }'],
  refs: ['[InvitationRef!]!', '[InvitationRef!]! = [{ reviewInvitation: { invitationId: "5" } }]'],
  review: ['ReviewInvitationRef'],
  name: ['ID!'],
  email: ['String', 'String = "x@example.com"'],
  at: ['CronofyDataCenter', 'CronofyDataCenter = DE'],
  age: ['Int', 'Int = 5'],
  // Every object has members of these names. __proto__ is not among them: graphql-js loses it.
  constructor: ['Int', 'Int = 5'],
  toString: ['String', 'String = "x@example.com"'],
  one: ['_Any!', '_Any! = { __typename: "Invitation", id: "WyJSZXZpZXdJbnZpdGF0aW9uIiwiMTIiXQ" }'],
  representations: [
    '[_Any!]!',
    '[_Any!]! = [{ __typename: "ReviewInvitation", id: "WyJSZXZpZXdJbnZpdGF0aW9uIiwiMyJd" }]',
  ],
};

/** Arguments of root fields, the first for a field without an alias: one alias always means the same field. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  node: ['(id: $id)', '(id: "WyJSZXZpZXdJbnZpdGF0aW9uIiwiMSJd")', '(id: "nonsense")'],
  nodes: ['(ids: $ids)', '(ids: ["WyJSZXZpZXdJbnZpdGF0aW9uIiwiMSJd", $id])', '(ids: [])'],
  invitation: [
    '(ref: $ref)',
    '(ref: { reviewInvitation: { invitationId: "4" } }, maxAgeSeconds: $age)',
    '(ref: { smartInvite: { smartInviteId: $name, recipientEmail: $email, dataCenter: $at } })',
    '(ref: { reviewInvitation: $review })',
  ],
  invitations: [
    '(refs: $refs)',
    '(refs: [{ smartInvite: { smartInviteId: "1" } }, { reviewInvitation: { invitationId: 7 } }, $ref], maxAgeSeconds: 0)',
    '(refs: { smartInvite: { smartInviteId: "9" } })',
  ],
  reviewInvitation: [
    '(invitationId: $name)',
    '(invitationId: "6", maxAgeSeconds: $age)',
    '(invitationId: "6", maxAgeSeconds: $constructor)',
    '(invitationId: 8)',
  ],
  smartInvite: [
    '(smartInviteId: $name, dataCenter: $at)',
    '(smartInviteId: "3", recipientEmail: $email)',
    '(smartInviteId: "3", recipientEmail: $toString)',
    '(smartInviteId: "", maxAgeSeconds: -1)',
  ],
  _entities: [
    '(representations: $representations)',
    '(representations: [$one, { __typename: "Invitation", id: $id }, { id: "1", more: [$name, { a: 1 }] }])',
    '(representations: { __typename: "SmartInvite", id: "WyJSZXZpZXdJbnZpdGF0aW9uIiwiMSJd" })',
    '(representations: [])',
  ],
  __type: ['(name: "Invitation")', '(name: "SmartInvite")'],
};

const FRAGMENT_TYPES = [
  'Query',
  'Node',
  'Invitation',
  'ReviewInvitation',
  'SmartInvite',
  'SmartInviteReply',
  'SmartInviteEvent',
  'EventTime',
  'Staleness',
  'ProviderStatus',
  '_Entity',
];

/** One alias always means the same field; some are long. */
function aliasOf(name: string, variant: number): string {
  return `${name}${variant}${'_'.repeat(LONG_ALIASES[name.length % LONG_ALIASES.length] ?? 0)}`;
}

/** By how many characters aliases are longer than the name of their field, by that name's length. */
const LONG_ALIASES = [0, 0, 40, 0, 600];

/** A source of choices: below a bound, from 0. */
type Choose = (bound: number) => number;

export function documentsOf(schema: GraphQLSchema): fc.Arbitrary<string> {
  return fc.array(fc.nat({ max: 2 ** 30 }), { minLength: 150, maxLength: 300 }).map((choices) => {
    let taken = 0;
    // Beyond the choices everything is the smallest, so that documents end and shrink.
    return documentOf(schema, (bound) => (choices[taken++] ?? 0) % bound);
  });
}

function documentOf(schema: GraphQLSchema, choose: Choose): string {
  // The last one is in a subgraph alone.
  const fragmentTypes = FRAGMENT_TYPES.filter((name) => schema.getType(name) !== undefined);
  const fragments = Array.from({ length: 2 + choose(5) }, (_, n) => ({
    name: `F${n}`,
    type: fragmentTypes[choose(fragmentTypes.length)] ?? 'Query',
  }));

  function selections(type: GraphQLNamedType, depth: number, from: number): string {
    const items = Array.from({ length: 1 + choose(4) }, () => selection(type, depth, from));
    return `{ ${items.join(' ')} }`;
  }

  function selection(type: GraphQLNamedType, depth: number, from: number): string {
    const kind = choose(10);
    const spreadable = fragments.slice(from).filter((fragment) => overlaps(type, typeOf(fragment.type)));
    const [fragment] = spreadable.length > 0 ? [spreadable[choose(spreadable.length)]] : [];
    // One fragment by two ways, under different conditions, is what executors get wrong.
    if (kind >= 6 && fragment) return `...${fragment.name}${condition()} ...${fragment.name}${condition()}`;
    if (kind === 5 && fragment) return `...${fragment.name}${condition()}`;
    if (kind === 4 && depth > 0) {
      const types = [undefined, ...related(type)];
      const on = types[choose(types.length)];
      return `...${on ? ` on ${on.name}` : ''}${condition()} ${selections(on ?? type, depth - 1, from)}`;
    }
    return field(type, depth, from);
  }

  function field(type: GraphQLNamedType, depth: number, from: number): string {
    const fields = fieldsOf(type).filter(({ type: given }) => depth > 0 || !isCompositeType(getNamedType(given)));
    const place = choose(fields.length + 1);
    const one = fields[place];
    if (one === undefined) return choose(2) === 0 ? '__typename' : `kind${choose(2)}: __typename${condition()}`;
    const variants = type.name === 'Query' ? (ARGUMENTS[one.name] ?? ['']) : ['', ''];
    const variant = choose(variants.length);
    const alias = variant === 0 ? '' : `${aliasOf(one.name, variant)}: `;
    const given = getNamedType(one.type);
    const below = isCompositeType(given) ? ` ${selections(given, depth - 1, from)}` : '';
    return `${alias}${one.name}${variants[variant] ?? ''}${condition()}${below}`;
  }

  function condition(): string {
    const kind = choose(8);
    if (kind < 3) return '';
    const value = kind === 3 ? 'true' : kind === 4 ? 'false' : `$${CONDITIONS[choose(CONDITIONS.length)]}`;
    return choose(2) === 0 ? ` @include(if: ${value})` : ` @skip(if: ${value})`;
  }

  function fieldsOf(type: GraphQLNamedType): GraphQLField<unknown, unknown>[] {
    if (type.name.startsWith('__')) return INTROSPECTION[type.name]?.(schema) ?? [];
    if (!isObjectType(type) && !isInterfaceType(type)) return [];
    const own = Object.values(type.getFields());
    return type.name === 'Query' && choose(6) === 0 ? [...own, ...metaFields(schema)] : own;
  }

  const typeOf = (name: string) => {
    const type = schema.getType(name);
    if (!type) throw new Error(`the schema has no ${name}`);
    return type;
  };
  const overlaps = (a: GraphQLNamedType, b: GraphQLNamedType) =>
    possible(schema, a).some((type) => possible(schema, b).includes(type));
  const related = (type: GraphQLNamedType) =>
    fragmentTypes.map(typeOf).filter((other) => overlaps(type, other) && isCompositeType(other));

  const texts = fragments.map(
    ({ name, type }, n) => `fragment ${name} on ${type} ${selections(typeOf(type), 3, n + 1)}`,
  );
  const root = selections(typeOf('Query'), 4, 0);
  return declared(`query Q ${root}`, texts, choose);
}

function declared(operation: string, fragments: readonly string[], choose: Choose): string {
  const used = reachable(operation, fragments);
  const text = [operation, ...used].join('\n');
  const names = Object.keys(DECLARATIONS).filter((name) => new RegExp(`\\$${name}\\b`).test(text));
  const declarations = names.map((name) => {
    const types = DECLARATIONS[name] ?? [];
    return `$${name}: ${types[choose(types.length)]}`;
  });
  return text.replace('query Q', `query Q${declarations.length > 0 ? `(${declarations.join(', ')})` : ''}`);
}

/** A fragment that nothing spreads makes a document invalid. */
function reachable(operation: string, fragments: readonly string[]): string[] {
  const found = new Set<string>();
  const visitText = (text: string) => {
    for (const [, n] of text.matchAll(/\.\.\.F(\d+)/g)) {
      const fragment = fragments[Number(n)];
      if (fragment === undefined || found.has(fragment)) continue;
      found.add(fragment);
      visitText(fragment);
    }
  };
  visitText(operation);
  return [...found];
}

function possible(schema: GraphQLSchema, type: GraphQLNamedType): readonly GraphQLNamedType[] {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
}

function metaFields(schema: GraphQLSchema): GraphQLField<unknown, unknown>[] {
  const query = schema.getQueryType();
  return query ? [metaField(schema, '__schema'), metaField(schema, '__type')] : [];
}

function metaField(schema: GraphQLSchema, name: '__schema' | '__type'): GraphQLField<unknown, unknown> {
  const type = schema.getType(name === '__schema' ? '__Schema' : '__Type');
  if (!isObjectType(type)) throw new Error('the schema does not know itself');
  return { name, type, args: [], description: '', deprecationReason: '', extensions: {}, astNode: undefined };
}

const pick = (typeName: string, names: readonly string[]) => (schema: GraphQLSchema) => {
  const type = schema.getType(typeName);
  return isObjectType(type) ? names.flatMap((name) => type.getFields()[name] ?? []) : [];
};

/** Of the schema's own types, the fields that end soon. */
const INTROSPECTION: Readonly<Record<string, (schema: GraphQLSchema) => GraphQLField<unknown, unknown>[]>> = {
  __Schema: pick('__Schema', ['description', 'queryType', 'subscriptionType', 'directives']),
  __Type: pick('__Type', ['kind', 'name', 'isOneOf', 'fields', 'possibleTypes', 'enumValues']),
  __Field: pick('__Field', ['name', 'isDeprecated', 'description']),
  __EnumValue: pick('__EnumValue', ['name', 'isDeprecated']),
  __Directive: pick('__Directive', ['name', 'locations', 'isRepeatable']),
};

/** Whether a document spreads one fragment twice, under different conditions. */
export function spreadsTwice(text: string): boolean {
  const conditions = new Map<string, Set<string>>();
  const above: string[] = [];
  visit(parse(text), {
    enter(node) {
      const directives = 'directives' in node ? (node.directives ?? []).map((each) => print(each)).join() : '';
      above.push(directives);
      if (node.kind !== 'FragmentSpread') return;
      const places = conditions.get(node.name.value) ?? new Set();
      conditions.set(node.name.value, places.add(above.join('>')));
    },
    leave: () => void above.pop(),
  });
  return [...conditions.values()].some((places) => places.size > 1);
}
