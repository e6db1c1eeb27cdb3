// Everything that a frontend developer meets in GraphiQL says what it is.

import {
  buildSchema,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
} from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { subgraphOf } from '../../src/schema/subgraph.ts';

interface Described {
  readonly name: string;
  readonly description?: string | null | undefined;
}

/** Coordinates of all that lacks a description, such as `Query.node(id:)`. */
function undescribed(given: GraphQLSchema): string[] {
  const missing: string[] = [];
  const check = (coordinate: string, { description }: Described) => {
    if (!description?.trim()) missing.push(coordinate);
  };
  for (const type of Object.values(given.getTypeMap())) {
    if (isIntrospectionType(type)) continue;
    check(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value);
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) check(`${type.name}.${field.name}`, field);
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        check(`${type.name}.${field.name}`, field);
        for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name}:)`, arg);
      }
    }
  }
  return missing;
}

test('every type, field, argument, input field and enum value has a description', () => {
  expect(undescribed(schema)).toEqual([]);
  expect(undescribed(subgraphOf(schema))).toEqual([]);
});

test('the check finds a missing description, wherever it is', () => {
  const bare = buildSchema(`
    type Query { node(id: ID!, filter: Filter): Thing }
    interface Thing { colour: Colour }
    enum Colour { RED }
    input Filter { text: String }
    scalar Moment
    "" union Any = Query
  `);
  expect(undescribed(bare).toSorted()).toEqual(
    ['Any', 'Colour', 'Colour.RED', 'Filter', 'Filter.text', 'Moment', 'Query', 'Query.node']
      .concat(['Query.node(filter:)', 'Query.node(id:)', 'Thing', 'Thing.colour'])
      .toSorted(),
  );
});
