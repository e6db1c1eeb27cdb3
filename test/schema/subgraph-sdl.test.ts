// What a supergraph is composed of is the API schema: with a directive on each entity, and without the fields that every
// Relay subgraph has for its own ids.

import {
  buildASTSchema,
  type DocumentNode,
  findBreakingChanges,
  graphqlSync,
  Kind,
  lexicographicSortSchema,
  parse,
  printSchema,
  validateSchema,
  visit,
} from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { subgraphOf } from '../../src/schema/subgraph.ts';

const subgraph = subgraphOf(schema);
const { data } = graphqlSync({ schema: subgraph, source: '{ _service { sdl } }' }) as {
  data: { _service: { sdl: string } };
};
const document = parse(data._service.sdl);

const sorted = (text: DocumentNode) => printSchema(lexicographicSortSchema(buildASTSchema(text)));

test('is the API schema in all else, with its descriptions and its own directives', () => {
  const plain = visit(document, {
    SchemaExtension: () => null,
    DirectiveDefinition: () => null,
    Directive: ({ name }) => (name.value === 'key' ? null : undefined),
  });
  const api = visit(parse(printSchema(schema)), {
    FieldDefinition: ({ name }) => (['node', 'nodes'].includes(name.value) ? null : undefined),
  });
  expect(sorted(plain)).toBe(sorted(api));
});

test('has the key `id` on every type that can be fetched again by its id, and on no other', () => {
  const keyed = document.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      return [];
    return definition.directives?.some(({ name }) => name.value === 'key') ? [definition.name.value] : [];
  });
  const node = schema.getType('Node');
  const fetched = Object.values(schema.getTypeMap()).filter(
    (type) => 'getInterfaces' in type && type.getInterfaces().some((each) => each === node),
  );
  expect(keyed.toSorted()).toEqual(fetched.map(({ name }) => name).toSorted());
  expect(keyed).toContain('Invitation');
});

test('the schema that is served has everything of the API schema, which stays without what routers ask for', () => {
  expect(validateSchema(subgraph)).toEqual([]);
  expect(findBreakingChanges(schema, subgraph)).toEqual([]);
  const added = Object.keys(subgraph.getTypeMap()).filter((name) => schema.getType(name) === undefined);
  expect(added.toSorted()).toEqual(['_Any', '_Entity', '_Service']);
  const fields = Object.keys(schema.getQueryType()?.getFields() ?? {});
  expect(Object.keys(subgraph.getQueryType()?.getFields() ?? {})).toEqual([...fields, '_service', '_entities']);
});
