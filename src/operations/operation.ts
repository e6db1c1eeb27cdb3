// An operation, prepared: made of a valid document once, and then run as often as it is asked for without parsing,
// validating or walking it again. It answers at once, without a promise, where its resolvers do.

import { hash } from 'node:crypto';
import {
  type DocumentNode,
  type ExecutionArgs,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  type SelectionNode,
} from 'graphql';
import { BadUserInput } from '../invitation/problem.ts';
import type { Answer, MaybePromise } from './answer.ts';
import { CollectedFaults } from './collected-faults.ts';
import { executeFields, infoOf, isPromise, pathToArray, resolve } from './complete.ts';
import { type Cost, costOf } from './cost.ts';
import { FieldFault, type MaskError } from './errors.ts';
import { Events } from './events.ts';
import { type Holdings, KeptPlan } from './holdings.ts';
import type { IntrospectionSizes } from './introspection.ts';
import { checkLists } from './limits.ts';
import { planOf } from './plan.ts';
import type { Path, Run, Scope, SelectionPlan, Variables } from './plan-shape.ts';
import { Planned } from './planned.ts';
import { type CoerceVariables, coerceVariablesOf } from './variables.ts';

/** Most values of conditions (@include, @skip) whose plans one operation keeps; what goes beyond is planned each time. */
const MAX_VARIANTS = 8;

export interface OperationOptions {
  readonly schema: GraphQLSchema;
  readonly maskError: MaskError;
  readonly introspection: IntrospectionSizes;
  /** Whether errors may name what there is in the schema beside what the caller wrote. */
  readonly tellsNames: boolean;
  /** The operator has checked its text. */
  readonly isTrusted: boolean;
}

export class PreparedOperation {
  readonly type: OperationTypeNode;
  /** Whether it asks for the schema itself, which not every viewer may. */
  readonly isIntrospecting: boolean;
  readonly cost: Cost;
  /** Its name in a text that the operator has checked; a caller may have chosen any other. */
  readonly trustedName: string | undefined;
  readonly #document: DocumentNode;
  readonly #options: OperationOptions;
  readonly #holdings: Holdings | undefined;
  readonly #scope: Scope;
  readonly #rootType: GraphQLObjectType;
  readonly #coerce: CoerceVariables;
  readonly #conditions: readonly string[];
  #only: SelectionPlan | undefined;
  #digest: string | undefined;
  readonly #variants = new Map<string, SelectionPlan>();

  /**
   * @param holdings What is held of its document; undefined where that is not kept, but run once.
   * @throws BadUserInput where the schema has no such operation.
   */
  constructor(
    operation: OperationDefinitionNode,
    document: DocumentNode,
    options: OperationOptions,
    holdings: Holdings | undefined,
  ) {
    const { schema, introspection, tellsNames } = options;
    const rootType = schema.getRootType(operation.operation);
    if (!rootType) throw new BadUserInput(`The schema has no ${operation.operation}.`);
    this.cost = costOf(operation, document, introspection);
    this.isIntrospecting = this.cost.introspected > 0;
    this.type = operation.operation;
    this.trustedName = options.isTrusted ? operation.name?.value : undefined;
    this.#document = document;
    this.#options = options;
    this.#holdings = holdings;
    this.#rootType = rootType;
    this.#conditions = conditionsOf(document);
    this.#coerce = coerceVariablesOf(schema, operation, tellsNames);
    this.#scope = {
      schema,
      operation,
      fragments: fragmentsOf(document),
      conditions: {},
      kept: holdings && new KeptPlan(holdings),
      planned: new Planned(),
    };
  }

  get isSubscription(): boolean {
    return this.type === 'subscription';
  }

  /** The SHA-256 of its document's text, the first twelve digits: it tells documents apart, and names nothing in them. */
  get digest(): string {
    this.#digest ??= hash('sha256', this.#document.loc?.source.body ?? '').slice(0, 12);
    return this.#digest;
  }

  /** What graphql-js would be called with: for libraries that take operations in this form. */
  get args(): ExecutionArgs {
    const { schema, operation } = this.#scope;
    return { schema, document: this.#document, operationName: operation.name?.value ?? null };
  }

  /** Runs it for one request; of a subscription, for one event. Whatever fails is in the result, masked. */
  run(given: Variables, context: unknown, rootValue?: unknown): MaybePromise<Answer> {
    const begun = this.#begin(given, context, rootValue);
    if ('refused' in begun) return begun.refused;
    return this.#execute(begun);
  }

  /** The events of a subscription, each with its result; or a result alone, where it cannot begin. */
  async subscribe(given: Variables, context: unknown): Promise<Answer | AsyncIterableIterator<Answer>> {
    const begun = this.#begin(given, context, undefined);
    if ('refused' in begun) return begun.refused;
    try {
      const events = await this.#open(begun);
      return new Events(events, (event) =>
        this.#execute({ ...begun, rootValue: event, collected: new CollectedFaults() }),
      );
    } catch (error) {
      return { errors: [this.#options.maskError(error)] };
    }
  }

  #begin(given: Variables, context: unknown, rootValue: unknown): Run | { readonly refused: Answer } {
    const coerced = this.#coerce(given);
    if ('faults' in coerced) return { refused: { errors: coerced.faults.map(this.#options.maskError) } };
    try {
      if (!this.#options.isTrusted) checkLists(this.cost, coerced.values);
    } catch (error) {
      return { refused: { errors: [this.#options.maskError(error)] } };
    }
    return { scope: this.#scope, context, rootValue, variables: coerced.values, collected: new CollectedFaults() };
  }

  #execute(run: Run): MaybePromise<Answer> {
    try {
      const data = executeFields(run, this.#planFor(run.variables), run.rootValue, undefined);
      if (!isPromise(data)) return this.#answerOf(data, run);
      return data.then(
        (resolved) => this.#answerOf(resolved, run),
        (error: unknown) => this.#failure(error, run),
      );
    } catch (error) {
      return this.#failure(error, run);
    }
  }

  #answerOf(data: Record<string, unknown> | null, { collected: { faults, excess } }: Run): Answer {
    const { maskError } = this.#options;
    if (excess !== undefined) return { errors: [excess, ...faults].map(maskError), data: null };
    return faults.length === 0 ? { data } : { errors: faults.map(maskError), data };
  }

  // Something that must not be null failed, and nothing above it may be null.
  #failure(error: unknown, run: Run): Answer {
    run.collected.add(error instanceof FieldFault ? error : new FieldFault(error, undefined, undefined), undefined);
    return this.#answerOf(null, run);
  }

  async #open(run: Run): Promise<AsyncIterable<unknown>> {
    const [field] = this.#planFor(run.variables).fields;
    if (field === undefined) throw new BadUserInput('The subscription skips its only field: ask for it.');
    if (field.definition.subscribe === undefined) throw new TypeError('the field cannot be subscribed to');
    const path: Path = { prev: undefined, key: field.key, typename: field.parentType.name };
    try {
      const { name, subscribe } = field.definition;
      const info = infoOf(run, field, path);
      const events = await resolve(
        { ...field.definition, name, resolve: subscribe },
        undefined,
        field.argumentsOf(run.variables),
        run.context,
        info,
      );
      if (events instanceof Error) throw events;
      return events as AsyncIterable<unknown>;
    } catch (error) {
      throw new FieldFault(error, field.nodes, pathToArray(path));
    }
  }

  /** A plan holds for the values that @include and @skip have in it. */
  #planFor(variables: Variables): SelectionPlan {
    if (this.#conditions.length === 0) {
      this.#only ??= planOf(this.#scope, this.#rootType);
      return this.#only;
    }
    const key = this.#conditions.map((name) => String(variables[name])).join();
    const known = this.#variants.get(key);
    if (known !== undefined) return known;
    const conditions = Object.fromEntries(
      this.#conditions.flatMap((name) => (Object.hasOwn(variables, name) ? [[name, variables[name]]] : [])),
    );
    const isKept = this.#variants.size < MAX_VARIANTS;
    const kept = isKept && this.#holdings ? new KeptPlan(this.#holdings) : undefined;
    const scope: Scope = { ...this.#scope, conditions, kept, planned: new Planned() };
    const plan = planOf(scope, this.#rootType);
    if (isKept) this.#variants.set(key, plan);
    return plan;
  }
}

function fragmentsOf({ definitions }: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments[node.name.value] = node;
  return fragments;
}

/** The variables that @include and @skip name anywhere in the document. */
function conditionsOf({ definitions }: DocumentNode): string[] {
  const names = new Set<string>();
  const collect = (nodes: readonly SelectionNode[] = []) => {
    for (const node of nodes) {
      for (const directive of node.directives ?? []) {
        for (const { value } of directive.arguments ?? [])
          if (value.kind === Kind.VARIABLE) names.add(value.name.value);
      }
      if (node.kind !== Kind.FRAGMENT_SPREAD) collect(node.selectionSet?.selections);
    }
  };
  for (const node of definitions) if ('selectionSet' in node) collect(node.selectionSet?.selections);
  return [...names];
}
