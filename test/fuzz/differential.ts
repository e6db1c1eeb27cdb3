// The prepared operations against graphql-js's own `execute`: the same document, the same variables, the same world; the
// data must be the same byte for byte, and the errors the same in path, code and message, both after our masking. Every
// document runs four times: once new, once when it is kept and compiled, and twice after that.

import fc from 'fast-check';
import { type DocumentNode, execute, parse, validate } from 'graphql';
import { openViewer } from '../../src/access/viewer.ts';
import type { Answer } from '../../src/operations/answer.ts';
import { createErrorMask } from '../../src/operations/errors.ts';
import { schema } from '../../src/schema/index.ts';
import { createGraphQLService } from '../../src/server/graphql.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { boundless } from '../rates.ts';
import { documentsOf, spreadsTwice } from './documents.ts';
import { type VariableSet, variablesOf } from './variables.ts';
import { createWorld } from './world.ts';

const log = createLog('silent');
const maskError = createErrorMask(log);
const caller = { viewer: openViewer('192.0.2.1'), cancellation: new Cancellation() };

export interface Coverage {
  documents: number;
  invalid: number;
  /** Runs that were refused before they began, for their variables. */
  refused: number;
  withErrors: number;
  spreadingTwice: number;
}

export interface DifferentialOptions {
  readonly documents: number;
  readonly seed: number;
}

/** @throws Error that shows the smallest document found for which the two differ. */
export async function differential({ documents, seed }: DifferentialOptions): Promise<Coverage> {
  const coverage: Coverage = { documents: 0, invalid: 0, refused: 0, withErrors: 0, spreadingTwice: 0 };
  const service = createGraphQLService({
    schema,
    createContext: createWorld,
    trustedDocuments: undefined,
    introspection: true,
    operationRate: boundless(),
    tabs: undefined,
    log,
  });

  async function compare(query: string, variables: VariableSet): Promise<void> {
    const document = parse(query);
    if (validate(schema, document).length > 0) {
      coverage.invalid += 1;
      return;
    }
    coverage.documents += 1;
    if (spreadsTwice(query)) coverage.spreadingTwice += 1;
    for (const each of variables) {
      const expected = await reference(document, each);
      const operation = service.prepare({ query, variables: each }, caller.viewer);
      const got = 'errors' in operation ? operation : await service.run(operation, { query, variables: each }, caller);
      const [theirs, ours] = [shown(expected), shown(got)];
      if (theirs === REFUSED) coverage.refused += 1;
      else if (expected.errors) coverage.withErrors += 1;
      if (theirs !== ours)
        throw new Error(`They differ.\n${query}\n${JSON.stringify(each)}\ngraphql-js: ${theirs}\nprepared:   ${ours}`);
    }
  }

  await fc.assert(fc.asyncProperty(documentsOf(schema), variablesOf(), compare), {
    numRuns: documents,
    seed,
    endOnFailure: false,
  });
  return coverage;
}

async function reference(document: DocumentNode, variableValues: Record<string, unknown>): Promise<Answer> {
  const { data, errors } = await execute({ schema, document, variableValues, contextValue: createWorld() });
  return { ...(errors ? { errors: errors.map(maskError) } : {}), ...(data === undefined ? {} : { data }) };
}

const REFUSED = 'refused';

function shown(result: Answer): string {
  // The gateway has its own messages for faults in variables.
  if (!('data' in result)) return REFUSED;
  const errors = (result.errors ?? []).map(({ path, message, extensions }) => {
    return JSON.stringify({ path, code: extensions.code, message });
  });
  return `${JSON.stringify(result.data)} ${errors.sort().join(' ')}`;
}
