// What one operation selects, worked out once: on which object type which fields, in which order, with which arguments.
// graphql-js works it out anew for every object of every request; a plan is made when it is first needed, and kept with
// its operation. The rules (fragments, @include, @skip, order) are graphql-js's own: its collectFields is what is called.

import {
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { argumentsOf } from './arguments.ts';
import { completeOf } from './complete.ts';
import { type Leaf, leafOf } from './leaf.ts';
import type { ArgumentsOf, Complete, FieldPlan, Quick, Scope, SelectionPlan } from './plan-shape.ts';
import { compileQuick } from './quick.ts';

class PlannedField implements FieldPlan {
  readonly key: string;
  readonly nodes: readonly FieldNode[];
  readonly parentType: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly argumentsOf: ArgumentsOf;
  readonly complete: Complete;
  readonly leaf: Leaf | undefined;
  readonly #scope: Scope;
  #last: SelectionPlan | undefined;
  #selections: Map<GraphQLObjectType, SelectionPlan> | undefined;

  constructor(
    scope: Scope,
    parentType: GraphQLObjectType,
    key: string,
    nodes: readonly FieldNode[],
    node: FieldNode,
    definition: GraphQLField<unknown, unknown>,
  ) {
    this.#scope = scope;
    this.parentType = parentType;
    this.key = key;
    this.nodes = nodes;
    this.definition = definition;
    this.argumentsOf = argumentsOf(definition, node);
    this.complete = completeOf(definition.type);
    this.leaf = leafOf(parentType, definition);
  }

  selectionOn(type: GraphQLObjectType): SelectionPlan {
    if (this.#last?.type === type) return this.#last;
    this.#selections ??= new Map();
    let selection = this.#selections.get(type);
    if (selection === undefined) {
      const { schema, fragments, conditions } = this.#scope;
      const fields = collectSubfields(schema, fragments, conditions, type, this.nodes);
      selection = new PlannedSelection(this.#scope, type, fields);
      this.#selections.set(type, selection);
    }
    this.#last = selection;
    return selection;
  }
}

class PlannedSelection implements SelectionPlan {
  readonly type: GraphQLObjectType;
  readonly fields: readonly FieldPlan[];
  readonly quick: Quick | undefined;

  constructor(scope: Scope, type: GraphQLObjectType, collected: ReadonlyMap<string, readonly FieldNode[]>) {
    this.type = type;
    const fields: FieldPlan[] = [];
    for (const [key, nodes] of collected) {
      const field = fieldOf(scope, type, key, nodes);
      if (field !== undefined) fields.push(field);
    }
    this.fields = fields;
    // Resolvers of the root have effects: they are called once, and never tried.
    const isRoot = type === scope.schema.getRootType(scope.operation.operation);
    this.quick = scope.isCompiled && !isRoot ? compileQuick(this) : undefined;
  }
}

// So a document costs what it says, and not what its fragments expand to.
function fieldOf(
  scope: Scope,
  type: GraphQLObjectType,
  key: string,
  nodes: readonly FieldNode[],
): FieldPlan | undefined {
  const [node] = nodes;
  if (node === undefined) return undefined;
  const known = nodes.length === 1 ? scope.planned.get(node)?.find(({ parentType }) => parentType === type) : undefined;
  if (known !== undefined) return known;
  const definition = definitionOf(scope.schema, type, node.name.value);
  if (!definition) return undefined;
  const field = new PlannedField(scope, type, key, nodes, node, definition);
  if (nodes.length === 1) scope.planned.set(node, [...(scope.planned.get(node) ?? []), field]);
  return field;
}

/**
 * The plan of an operation's root.
 * @throws GraphQLError where a condition of @include or @skip is null.
 */
export function planOf(scope: Scope, rootType: GraphQLObjectType): SelectionPlan {
  const { schema, fragments, conditions, operation } = scope;
  const collected = collectFields(schema, fragments, conditions, rootType, operation.selectionSet);
  return new PlannedSelection(scope, rootType, collected);
}

function definitionOf(schema: GraphQLSchema, type: GraphQLObjectType, name: string) {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  if (type === schema.getQueryType()) {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  }
  return type.getFields()[name];
}
