// What a supergraph is composed of: the text of the API schema with the directives of Apollo Federation 2, which
// graphql-js's printer leaves out. In: the API schema. Out: its SDL, where all that can be fetched again by its id (Node) is
// an entity by `id`, an interface too.

import {
  concatAST,
  type DirectiveNode,
  type GraphQLSchema,
  Kind,
  type NamedTypeNode,
  type NameNode,
  parse,
  print,
  printSchema,
  type TypeNode,
  visit,
} from 'graphql';

/** The first version whose entities may be interfaces, and a directive of the language that a composer does not know. */
const HEAD = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

  directive @oneOf on INPUT_OBJECT
`);

const name = (value: string): NameNode => ({ kind: Kind.NAME, value });

const KEY: DirectiveNode = {
  kind: Kind.DIRECTIVE,
  name: name('key'),
  arguments: [{ kind: Kind.ARGUMENT, name: name('fields'), value: { kind: Kind.STRING, value: 'id' } }],
};

/** @param node The name of the interface of all that has a global id. */
export function subgraphSdl(api: GraphQLSchema, node: string): string {
  const root = api.getQueryType()?.name;
  const withKey = <T extends { interfaces?: readonly NamedTypeNode[]; directives?: readonly DirectiveNode[] }>(
    type: T,
  ) =>
    type.interfaces?.some((each) => each.name.value === node)
      ? { ...type, directives: [...(type.directives ?? []), KEY] }
      : type;
  const document = visit(parse(printSchema(api)), {
    InterfaceTypeDefinition: withKey,
    ObjectTypeDefinition(type) {
      if (type.name.value !== root) return withKey(type);
      // Each Relay subgraph answers `node` for its own ids alone. So it is no field that subgraphs share, and composers
      // refuse it in two of them, also where it is inaccessible in one: a supergraph is not told of this gateway's.
      return { ...type, fields: type.fields?.filter((field) => nameOf(field.type) !== node) };
    },
  });
  return print(concatAST([HEAD, document]));
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}
