// How long the lists are that the schema gives of itself, by the names of the fields that give them: the mean of all
// types, so that a document which asks for all types and all their fields is counted as what it gives.

import { type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import type { IntrospectionSizes } from './limits.ts';

/** A subgraph gives its schema as one text, of about as many bytes as so many fields of each type. */
const FIELDS_PER_TYPE = 10;

export function introspectionSizesOf(schema: GraphQLSchema): IntrospectionSizes {
  const types = Object.values(schema.getTypeMap());
  const withFields = types.filter((type) => isObjectType(type) || isInterfaceType(type));
  const fields = withFields.map((type) => Object.values(type.getFields()));
  const inputs = types.filter(isInputObjectType).map((type) => Object.keys(type.getFields()).length);
  return {
    _service: types.length * FIELDS_PER_TYPE,
    types: types.length,
    directives: schema.getDirectives().length,
    fields: mean(fields.map(({ length }) => length)),
    args: mean(fields.flat().map(({ args }) => args.length)),
    interfaces: mean(withFields.map((type) => type.getInterfaces().length)),
    possibleTypes: mean(types.filter(isInterfaceType).map((type) => schema.getPossibleTypes(type).length)),
    inputFields: mean(inputs),
    enumValues: mean(types.filter(isEnumType).map((type) => type.getValues().length)),
  };
}

function mean(lengths: readonly number[]): number {
  return lengths.length === 0 ? 1 : Math.max(1, Math.ceil(lengths.reduce((a, b) => a + b) / lengths.length));
}
