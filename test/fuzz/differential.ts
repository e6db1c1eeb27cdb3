// The prepared operations against graphql-js's own `execute`: the same document, the same variables, the same world; the
// data must be the same byte for byte, and the errors the same in path, code and message, both after our masking. Every
// document runs four times: once new, once when it is kept and compiled, and twice after that. Between these runs other
// viewers run it, who may see some of another world: each gets what graphql-js gives to that viewer, and what is granted is the
// same as it is to a viewer of everything.

import fc from 'fast-check';
import { type DocumentNode, execute, type GraphQLSchema, parse, validate } from 'graphql';
import { openViewer, type Viewer } from '../../src/access/viewer.ts';
import type { Answer } from '../../src/operations/answer.ts';
import { createErrorMask } from '../../src/operations/errors.ts';
import type { Context } from '../../src/schema/builder.ts';
import { createGraphQLService } from '../../src/server/graphql.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { boundless } from '../rates.ts';
import { documentsOf, spreadsTwice } from './documents.ts';
import { type VariableSet, variablesOf } from './variables.ts';
import { countSome, createViewersWorld, SEE_PARTS, SEE_SOME, SEES_ALL } from './viewers.ts';
import { createWorld } from './world.ts';

const log = createLog('silent');
const maskError = createErrorMask(log);
const callerOf = (viewer: Viewer) => ({ viewer, cancellation: new Cancellation() });
const SEES_WORLD = openViewer('192.0.2.1');
const OTHERS = [...SEE_SOME, SEE_PARTS];

export interface Coverage {
  documents: number;
  invalid: number;
  /** Runs that were refused before they began, for their variables. */
  refused: number;
  withErrors: number;
  spreadingTwice: number;
  /** Values of root fields that viewers of some of the world were given, and invitations that they were not. */
  granted: number;
  leftOut: number;
}

export interface DifferentialOptions {
  readonly schema: GraphQLSchema;
  readonly documents: number;
  readonly seed: number;
}

/** @throws Error that shows the smallest document found for which the two differ. */
export async function differential({ schema, documents, seed }: DifferentialOptions): Promise<Coverage> {
  const coverage: Coverage = {
    documents: 0,
    invalid: 0,
    refused: 0,
    withErrors: 0,
    spreadingTwice: 0,
    granted: 0,
    leftOut: 0,
  };
  const service = createGraphQLService({
    schema,
    createContext: ({ viewer }) => (viewer === SEES_WORLD ? createWorld() : createViewersWorld(viewer)),
    trustedDocuments: undefined,
    introspection: true,
    operationRate: boundless(),
    tabs: undefined,
    log,
    listener: {},
  });

  async function compare(query: string, variables: VariableSet): Promise<void> {
    const document = parse(query);
    if (validate(schema, document).length > 0) {
      coverage.invalid += 1;
      return;
    }
    coverage.documents += 1;
    if (spreadsTwice(query)) coverage.spreadingTwice += 1;
    for (const [n, each] of variables.entries()) {
      const expected = await reference(schema, document, each, createWorld());
      if (!('data' in expected)) coverage.refused += 1;
      else if (expected.errors) coverage.withErrors += 1;
      expectSame(expected, await run(query, each, SEES_WORLD), query, each);
      const viewer = OTHERS[n % OTHERS.length] ?? SEES_ALL;
      const some = await run(query, each, viewer);
      expectSame(await reference(schema, document, each, createViewersWorld(viewer)), some, query, each);
      if (viewer !== SEE_PARTS) expectSome(some, await run(query, each, SEES_ALL), query, each);
    }
  }

  async function run(query: string, variables: Record<string, unknown>, viewer: Viewer): Promise<Answer> {
    const record = service.begin('post', viewer, 'a request');
    const operation = service.prepare({ query, variables }, record);
    return 'errors' in operation ? operation : service.run(operation, { query, variables }, callerOf(viewer), record);
  }

  function expectSome(some: Answer, all: Answer, query: string, variables: object): void {
    const everything = all.data ?? {};
    const [granted, there = 0] = [some.data ?? {}, everything].map((data) => countSome(data, everything));
    const errors = new Set(errorsOf(all));
    if (granted === undefined || errorsOf(some).some((error) => !errors.has(error)))
      throw new Error(
        `What is granted differs.\n${query}\n${JSON.stringify(variables)}\n${shown(some)}\n${shown(all)}`,
      );
    coverage.granted += granted;
    coverage.leftOut += there - granted;
  }

  await fc.assert(fc.asyncProperty(documentsOf(schema), variablesOf(), compare), {
    numRuns: documents,
    seed,
    endOnFailure: false,
  });
  return coverage;
}

function expectSame(expected: Answer, got: Answer, query: string, variables: object): void {
  const [theirs, ours] = [shown(expected), shown(got)];
  if (theirs !== ours)
    throw new Error(`They differ.\n${query}\n${JSON.stringify(variables)}\nexpected: ${theirs}\nprepared: ${ours}`);
}

async function reference(
  schema: GraphQLSchema,
  document: DocumentNode,
  variableValues: object,
  contextValue: Context,
): Promise<Answer> {
  const { data, errors } = await execute({ schema, document, variableValues: { ...variableValues }, contextValue });
  return { ...(errors ? { errors: errors.map(maskError) } : {}), ...(data === undefined ? {} : { data }) };
}

function shown(result: Answer): string {
  // The gateway has its own messages for faults in variables.
  if (!('data' in result)) return 'refused';
  return `${JSON.stringify(result.data)} ${errorsOf(result).sort().join(' ')}`;
}

function errorsOf({ errors = [] }: Answer): string[] {
  return errors.map(({ path, message, extensions }) => JSON.stringify({ path, code: extensions.code, message }));
}
