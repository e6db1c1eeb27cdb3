// A quick check of simple documents: one operation of fields and literal values, without fragments, variables or
// directives, as generated texts mostly are. One walk finds that such a document is valid, for a tenth of what
// graphql-js's rules take. It never says what is wrong: where it cannot confirm that all is valid, the rules run.

import {
  type ArgumentNode,
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLLeafType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isUnionType,
  Kind,
  type ObjectFieldNode,
  type ObjectValueNode,
  type SelectionSetNode,
  TypeNameMetaFieldDef,
  type ValueNode,
} from 'graphql';
import { isNode } from './own-texts.ts';

export function isPlainlyValid({ definitions }: DocumentNode, schema: GraphQLSchema): boolean {
  const [operation, ...others] = definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) return false;
  if (operation.operation === 'subscription') return false;
  if (!isEmpty(operation.variableDefinitions) || !isEmpty(operation.directives)) return false;
  const rootType = schema.getRootType(operation.operation);
  return !!rootType && fitsSelections(operation.selectionSet, rootType);
}

function fitsSelections({ selections }: SelectionSetNode, type: GraphQLCompositeType): boolean {
  const fields = new Map<string, FieldNode>();
  for (const node of selections) {
    if (node.kind !== Kind.FIELD) return false;
    const key = (node.alias ?? node.name).value;
    const other = fields.get(key);
    if (other === undefined) {
      if (!fitsField(node, type)) return false;
      fields.set(key, node);
    } else if (!isSame(node, other)) {
      // They may be in conflict.
      return false;
    }
  }
  return true;
}

/** Whether two nodes say the same, wherever they stand. */
export function isSame(a: ASTNode, b: ASTNode): boolean {
  return (
    a.kind === b.kind &&
    Object.keys(a).every((key) => key === 'loc' || isSamePart(Reflect.get(a, key), Reflect.get(b, key)))
  );
}

function isSamePart(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((each, n) => isSamePart(each, b[n]));
  return isNode(a) && isNode(b) ? isSame(a, b) : a === b;
}

function fitsField(node: FieldNode, parentType: GraphQLCompositeType): boolean {
  const definition = definitionOf(parentType, node.name.value);
  if (definition === undefined || !isEmpty(node.directives)) return false;
  if (!fitsAll(node.arguments ?? [], definition.args)) return false;
  const type = getNamedType(definition.type);
  if (isLeafType(type)) return node.selectionSet === undefined;
  return node.selectionSet !== undefined && fitsSelections(node.selectionSet, type);
}

function definitionOf(type: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  const fields = isUnionType(type) ? {} : type.getFields();
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Each is known, given once and of its type, and none that is required is missing. */
function fitsAll(
  nodes: readonly (ArgumentNode | ObjectFieldNode)[],
  definitions: readonly (GraphQLArgument | GraphQLInputField)[],
): boolean {
  let found = 0;
  for (const definition of definitions) {
    const [node, ...others] = nodes.filter(({ name }) => name.value === definition.name);
    if (others.length > 0) return false;
    if (node === undefined) {
      if (isRequiredArgument(definition)) return false;
      continue;
    }
    if (!fitsValue(node.value, definition.type)) return false;
    found += 1;
  }
  return found === nodes.length;
}

function fitsValue(node: ValueNode, type: GraphQLInputType): boolean {
  if (isNonNullType(type)) return node.kind !== Kind.NULL && fitsValue(node, type.ofType);
  if (node.kind === Kind.NULL) return true;
  if (isListType(type)) {
    return node.kind === Kind.LIST
      ? node.values.every((value) => fitsValue(value, type.ofType))
      : fitsValue(node, type.ofType);
  }
  if (isInputObjectType(type)) return node.kind === Kind.OBJECT && fitsObject(node, type);
  return fitsLeaf(node, type);
}

function fitsObject({ fields: nodes }: ObjectValueNode, type: GraphQLInputObjectType): boolean {
  if (!fitsAll(nodes, Object.values(type.getFields()))) return false;
  return !type.isOneOf || (nodes.length === 1 && nodes[0]?.value.kind !== Kind.NULL);
}

function fitsLeaf(node: ValueNode, type: GraphQLLeafType): boolean {
  // Of what stands in a scalar's own object or list, the scalar says nothing: a variable, or one field given twice.
  if (node.kind === Kind.VARIABLE || node.kind === Kind.OBJECT || node.kind === Kind.LIST) return false;
  if (isEnumType(type)) return node.kind === Kind.ENUM && type.getValue(node.value) !== undefined;
  try {
    return type.parseLiteral(node) !== undefined;
  } catch {
    return false;
  }
}

function isEmpty(nodes: readonly unknown[] | undefined): boolean {
  return nodes === undefined || nodes.length === 0;
}
