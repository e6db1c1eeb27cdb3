// How much the schema gives of itself, by the names of the fields of __Schema, __Type and so on: what a document costs that
// asks for types, their fields and so on is known before it is run. Of all types the mean counts, so that a document which
// asks for all of them is counted as what it gives; of a type that was chosen the most that any has.

import {
  type GraphQLArgument,
  type GraphQLDirective,
  type GraphQLEnumValue,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';

/** The fields of Query by which the schema tells of itself; the last one is there for routers. */
export const TELL_SCHEMA: ReadonlySet<string> = new Set(['__schema', '__type', '_service']);

export interface Amount {
  /** On the average of all types. */
  readonly all: number;
  /** Of one of them, at most. */
  readonly one: number;
}

export interface IntrospectionSizes {
  /** Entries of lists. */
  readonly entries: ReadonlyMap<string, Amount>;
  /** Bytes of texts. */
  readonly bytes: ReadonlyMap<string, Amount>;
}

/** A subgraph gives its schema as one text, of about as many bytes as so many fields of each type. */
const FIELDS_PER_TYPE = 10;

const OF_ONE_TYPE: ReadonlySet<string> = new Set([
  'queryType',
  'mutationType',
  'subscriptionType',
  'directives',
  'type',
  'ofType',
  'interfaces',
  'possibleTypes',
]);

/** Whether what a field of the schema gives is of types that its place chooses, so that it may be of the largest. */
export function isOfOneType(name: string): boolean {
  return OF_ONE_TYPE.has(name);
}

type Described =
  | GraphQLDirective
  | GraphQLNamedType
  | GraphQLField<unknown, unknown>
  | GraphQLArgument
  | GraphQLInputField
  | GraphQLEnumValue;

export function introspectionSizesOf(schema: GraphQLSchema): IntrospectionSizes {
  const types = Object.values(schema.getTypeMap());
  const withFields = types.filter((type) => isObjectType(type) || isInterfaceType(type));
  const fields = withFields.map((type) => Object.values(type.getFields()));
  const inputs = types.filter(isInputObjectType).map((type) => Object.values(type.getFields()));
  const values = types.filter(isEnumType).map((type) => type.getValues());
  const args = [...fields.flat(), ...schema.getDirectives()].map((each) => each.args);
  const texts = (of: (each: Described) => string | null | undefined) =>
    [types, fields.flat(), args.flat(), inputs.flat(), values.flat(), schema.getDirectives()].map(
      (level: readonly Described[]) => level.map((each) => Buffer.byteLength(JSON.stringify(of(each) ?? ''))),
    );
  return {
    entries: new Map([
      ['_service', same(types.length * FIELDS_PER_TYPE)],
      ['types', same(types.length)],
      ['directives', same(schema.getDirectives().length)],
      ['fields', amount(fields)],
      ['args', amount(args)],
      ['interfaces', amount(withFields.map((type) => type.getInterfaces()))],
      ['possibleTypes', amount(types.filter(isInterfaceType).map((type) => schema.getPossibleTypes(type)))],
      ['inputFields', amount(inputs)],
      ['enumValues', amount(values)],
    ]),
    bytes: new Map([
      ['description', longest(texts(({ description }) => description))],
      ['deprecationReason', longest(texts((each) => ('deprecationReason' in each ? each.deprecationReason : '')))],
    ]),
  };
}

function same(each: number): Amount {
  return { all: each, one: each };
}

function amount(lists: readonly (readonly unknown[])[]): Amount {
  return amountOf(lists.map(({ length }) => length));
}

function amountOf(sizes: readonly number[]): Amount {
  const all = sizes.length === 0 ? 1 : Math.ceil(sizes.reduce((a, b) => a + b) / sizes.length);
  return { all: Math.max(1, all), one: Math.max(1, ...sizes) };
}

/** Of texts that types, fields and so on have, each with lengths of their own. */
function longest(levels: readonly (readonly number[])[]): Amount {
  const amounts = levels.map(amountOf);
  return { all: Math.max(...amounts.map(({ all }) => all)), one: Math.max(...amounts.map(({ one }) => one)) };
}
