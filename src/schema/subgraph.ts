// The schema as a subgraph of a supergraph (Apollo Federation 2). In: the API schema, which stays as it is. Out: the same
// with the two fields that a router asks for: `_service`, which tells what there is, and `_entities`, which is a list of
// ids as `nodes` is, and one more place where refs enter.

import {
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  isInterfaceType,
  valueFromASTUntyped,
} from 'graphql';
import { BadUserInput } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { Context } from './builder.ts';
import { askedOf, loadAll, Node, requireSize } from './invitation.ts';
import { refOfId } from './ref-input.ts';
import { subgraphSdl } from './subgraph-sdl.ts';

/** Of what a router sends to name an entity, the two texts that do; undefined where there is none. */
interface Representation {
  readonly typename: string | undefined;
  readonly id: string | undefined;
}

const Any = new GraphQLScalarType<Representation, never>({
  name: '_Any',
  description:
    'Names an entity: an object with `__typename` and `id`. The gateway does not look at what else it holds.',
  parseValue: representationOf,
  parseLiteral: (node, variables) => representationOf(valueFromASTUntyped(node, variables)),
});

const Service = new GraphQLObjectType({
  name: '_Service',
  description: 'What a router knows of this gateway.',
  fields: {
    sdl: {
      type: new GraphQLNonNull(GraphQLString),
      description: 'The schema, in the form that a supergraph is composed of.',
    },
  },
});

/** Name of a type that is an entity → the objects that are one. */
type Entities = ReadonlyMap<string, ReadonlySet<string>>;

export function subgraphOf(api: GraphQLSchema): GraphQLSchema {
  const { query, types, ...rest } = api.toConfig();
  const node = api.getType(Node.name);
  if (!query || !isInterfaceType(node)) throw new TypeError('the schema gives nothing by a global id');
  const { objects, interfaces } = api.getImplementations(node);
  const entities: Entities = new Map(
    [...objects, ...interfaces].map((type) => {
      const possible = isInterfaceType(type) ? api.getPossibleTypes(type) : [type];
      return [type.name, new Set(possible.map(({ name }) => name))];
    }),
  );
  const Entity = new GraphQLUnionType({
    name: '_Entity',
    description: 'What other subgraphs may refer to.',
    types: objects,
    resolveType: ({ type }: Snapshot) => type,
  });
  const service = { sdl: subgraphSdl(api, node.name) };
  const { fields, ...root } = query.toConfig();
  const subgraphQuery = new GraphQLObjectType<unknown, Context>({
    ...root,
    fields: {
      ...fields,
      _service: {
        type: new GraphQLNonNull(Service),
        description: 'For composing a supergraph. It needs what introspection needs.',
        resolve: () => service,
      },
      _entities: {
        type: new GraphQLNonNull(new GraphQLList(Entity)),
        description:
          'For routers: what other subgraphs refer to, at most 100, in the order asked; null where there is none.',
        args: {
          representations: {
            type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Any))),
            description: 'The type and the `id` of each.',
          },
        },
        resolve(_, { representations }: { representations: readonly Representation[] }, context, info) {
          requireSize('representations', representations);
          const refs = askedOf(representations, (each) => refOfRepresentation(each, entities), context);
          return loadAll(refs, null, context, info);
        },
      },
    },
  });
  return new GraphQLSchema({ ...rest, query: subgraphQuery, types: types.filter((type) => type !== query) });
}

/** Whatever a caller sends: only two properties are looked at, and nothing in them. */
function representationOf(value: unknown): Representation {
  return { typename: ownText(value, '__typename'), id: ownText(value, 'id') };
}

function ownText(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const text: unknown = Reflect.get(value, name);
  return typeof text === 'string' ? text : undefined;
}

/**
 * Null where it is an id of another type.
 * @throws BadUserInput where it names no entity.
 */
function refOfRepresentation({ typename = '', id = '' }: Representation, entities: Entities): Ref | null {
  const types = entities.get(typename);
  if (types === undefined) throw new BadUserInput('This is no entity of this gateway: `__typename` names none.');
  const ref = refOfId(id);
  return types.has(ref.type) ? ref : null;
}
