// What one operation selects, worked out once: on which object type which fields, in which order, with which arguments.
// graphql-js works it out anew for every object of every request; a plan is made when it is first needed, and kept with
// its operation. The rules (fragments, @include, @skip, order) are graphql-js's own: its collectFields is what is called.

import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { argumentsOf } from './arguments.ts';
import { completeOf } from './complete.ts';
import { leafOf } from './leaf.ts';
import type { FieldPlan, Quick, Scope, SelectionPlan } from './plan-shape.ts';
import { compileQuick } from './quick.ts';

function selectionPlan(
  scope: Scope,
  type: GraphQLObjectType,
  collected: ReadonlyMap<string, readonly FieldNode[]>,
): SelectionPlan {
  const fields: FieldPlan[] = [];
  for (const [key, nodes] of collected) {
    const field = fieldOf(scope, type, key, nodes);
    if (field !== undefined) fields.push(field);
  }
  // Resolvers of the root have effects: they are called once, and never tried.
  return { type, fields, quick: isRootOf(scope, type) ? undefined : quickOf(scope, type, fields) };
}

function isRootOf({ schema, operation }: Scope, type: GraphQLObjectType): boolean {
  return type === schema.getRootType(operation.operation);
}

function quickOf({ kept }: Scope, type: GraphQLObjectType, fields: readonly FieldPlan[]): Quick | undefined {
  if (kept === undefined || !kept.mayCompile) return undefined;
  const quick = compileQuick(type, fields);
  if (quick !== undefined) kept.addFunction();
  return quick;
}

/** Plans what is selected of each type of object that a field gives, once a type. */
function selectionsOf(scope: Scope, nodes: readonly FieldNode[]): FieldPlan['selectionOn'] {
  const { schema, fragments, conditions } = scope;
  // Most fields give objects of one type, or none.
  let selections: Map<GraphQLObjectType, SelectionPlan> | undefined;
  let last: SelectionPlan | undefined;
  return (type) => {
    if (last?.type === type) return last;
    const selection =
      selections?.get(type) ?? selectionPlan(scope, type, collectSubfields(schema, fragments, conditions, type, nodes));
    if (last !== undefined) {
      selections ??= new Map([[last.type, last]]);
      selections.set(type, selection);
    }
    last = selection;
    return selection;
  };
}

function fieldOf(
  scope: Scope,
  type: GraphQLObjectType,
  key: string,
  nodes: readonly FieldNode[],
): FieldPlan | undefined {
  const [node] = nodes;
  if (node === undefined) return undefined;
  return scope.planned.get(type, nodes, () => {
    const definition = definitionOf(scope.schema, type, node.name.value);
    if (!definition) return undefined;
    scope.kept?.addField(nodes.length, node.selectionSet !== undefined && isRootOf(scope, type));
    return {
      key,
      nodes,
      parentType: type,
      definition,
      argumentsOf: argumentsOf(definition, node),
      complete: completeOf(definition.type),
      leaf: leafOf(type, definition),
      selectionOn: selectionsOf(scope, nodes),
    };
  });
}

/**
 * The plan of an operation's root.
 * @throws GraphQLError where a condition of @include or @skip is null.
 */
export function planOf(scope: Scope, rootType: GraphQLObjectType): SelectionPlan {
  const { schema, fragments, conditions, operation } = scope;
  const collected = collectFields(schema, fragments, conditions, rootType, operation.selectionSet);
  return selectionPlan(scope, rootType, collected);
}

function definitionOf(schema: GraphQLSchema, type: GraphQLObjectType, name: string) {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  if (type === schema.getQueryType()) {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  }
  return type.getFields()[name];
}
