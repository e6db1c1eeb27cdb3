// What a plan is, for what runs it (complete.ts), compiles it (quick.ts) and makes it (plan.ts).

import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLField,
  GraphQLObjectType,
  GraphQLResolveInfo,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import type { CollectedFaults } from './collected-faults.ts';
import type { KeptPlan } from './holdings.ts';
import type { Leaf } from './leaf.ts';
import type { Planned } from './planned.ts';

export type Variables = { readonly [name: string]: unknown };

export type Path = GraphQLResolveInfo['path'];

/** What a plan is made of: an operation, and the values of the variables that its @include and @skip name. */
export interface Scope {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly conditions: Variables;
  /** Set where the plan is kept, so that it is worth compiling. */
  readonly kept: KeptPlan | undefined;
  readonly planned: Planned<FieldPlan>;
}

/** The fields that are selected of an object. */
export interface SelectionPlan {
  readonly type: GraphQLObjectType;
  readonly fields: readonly FieldPlan[];
  /** The whole object at once, where nothing in it waits or fails; undefined where it was not compiled. */
  readonly quick: Quick | undefined;
}

/** One field of one object type, by every way that the operation selects it. */
export interface FieldPlan {
  readonly key: string;
  readonly nodes: readonly FieldNode[];
  readonly parentType: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
  /** @throws GraphQLError where an argument does not fit its type for these variables. */
  readonly argumentsOf: ArgumentsOf;
  readonly complete: Complete;
  /** The answer at once, where it is a leaf that depends on the object alone; undefined where that is not so simple. */
  readonly leaf: Leaf | undefined;
  /** What is selected of an object of this type that the field gives. */
  selectionOn(type: GraphQLObjectType): SelectionPlan;
}

export type ArgumentsOf = (variables: Variables) => Variables;

/** The answer for an object; undefined where that is not so simple. */
export type Quick = (source: unknown) => Record<string, unknown> | undefined;

/** One run of an operation. */
export interface Run {
  readonly scope: Scope;
  readonly rootValue: unknown;
  readonly context: unknown;
  readonly variables: Variables;
  readonly collected: CollectedFaults;
}

/** What a value that a field gave becomes; or a promise of it. @throws where it fails. */
export type Complete = (run: Run, field: FieldPlan, info: GraphQLResolveInfo, path: Path, value: unknown) => unknown;
