// A leaf that depends on its object alone, answered without arguments, path and information for its resolver. It gives
// up, and gives undefined, where the value waits, is null, fails, or is not what its type says: then the field is executed
// as any other, which says what is wrong.

import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLObjectType,
  getNullableType,
  isLeafType,
  TypeNameMetaFieldDef,
} from 'graphql';

export type Leaf = (source: unknown) => unknown;

const leaves = new WeakMap<object, Leaf | null>();

export function leafOf(parentType: GraphQLObjectType, definition: GraphQLField<unknown, unknown>): Leaf | undefined {
  const owner = definition === TypeNameMetaFieldDef ? parentType : definition;
  let leaf = leaves.get(owner);
  if (leaf === undefined) {
    leaf = owner === parentType ? () => parentType.name : (makeLeaf(definition) ?? null);
    leaves.set(owner, leaf);
  }
  return leaf ?? undefined;
}

function makeLeaf({ name, type: declared, args, resolve }: GraphQLField<unknown, unknown>): Leaf | undefined {
  const type = getNullableType(declared);
  if (!isLeafType(type) || args.length > 0) return undefined;
  if (resolve !== undefined && resolve !== defaultFieldResolver) return undefined;
  return (source) => {
    if (typeof source !== 'object' || source === null) return undefined;
    const value: unknown = Reflect.get(source, name);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
    try {
      return type.serialize(value) ?? undefined;
    } catch {
      return undefined;
    }
  };
}
