// GraphQL for every transport: from the parameters of a request to a prepared operation, and from that to its result.
// Yoga parses and validates; its HTTP adapter, its caches (they count documents, not bytes) and its execution are passed
// by, because a prepared operation needs none of them.

import { hash } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { type Rate, tooManyOperations } from '../access/caller-rate.ts';
import type { Caller, Viewer } from '../access/viewer.ts';
import { Forbidden } from '../invitation/problem.ts';
import type { Answer, MaybePromise } from '../operations/answer.ts';
import { syntaxError, validationError } from '../operations/document-errors.ts';
import { createDocuments, type Documents } from '../operations/documents.ts';
import { createErrorMask } from '../operations/errors.ts';
import type { PreparedOperation } from '../operations/operation.ts';
import { validateDocument } from '../operations/rules.ts';
import type { TrustedDocument } from '../operations/trusted-documents.ts';
import type { GivenListener } from '../snapshots/given.ts';
import type { Logger } from '../telemetry/log.ts';
import type { GraphiqlTab } from './graphiql-html.ts';
import { OpenStreams, type StreamCounts } from './open-streams.ts';
import { type OperationListener, OperationRecord, type Transport } from './operation-record.ts';
import type { Params } from './params.ts';
import type { BroughtTrace } from './trace-context.ts';

export const GRAPHQL_PATH = '/graphql';

export interface GraphQLOptions {
  readonly schema: GraphQLSchema;
  /**
   * What one operation works with; it rejects where the caller is served no more.
   * @param given Told how each ref is answered.
   */
  readonly createContext: (caller: Caller, given: GivenListener) => MaybePromise<object>;
  /** The documents that are run; undefined where all are that fit the schema. */
  readonly trustedDocuments: readonly TrustedDocument[] | undefined;
  /** Whether the schema is told, to viewers who may explore it, and errors may suggest what is in it. */
  readonly introspection: boolean;
  /**
   * GraphiQL's tabs, which are run beside the trusted documents, as are those that ask for nothing but the schema;
   * undefined where there is no GraphiQL.
   */
  readonly tabs: readonly GraphiqlTab[] | undefined;
  /** How many operations a caller may send. */
  readonly operationRate: Rate;
  readonly log: Logger;
  readonly listener: OperationListener;
}

/** An answer without data: nothing was run. */
export type Refused = Required<Pick<Answer, 'errors'>>;

/** The one way from a request to its answer, whatever it came by. */
export interface GraphQLService {
  /** Documents that are kept, and about how many bytes they take. */
  kept(): ReturnType<Documents['kept']>;
  /** How many streams are open. */
  streams(): StreamCounts;
  /** What is noted of an operation, which every step gets. */
  begin(transport: Transport, viewer: Viewer, requestId: string, brought?: BroughtTrace): OperationRecord;
  /** The operation that is asked for, or why there is none for its viewer. */
  prepare(params: Params, record: OperationRecord): PreparedOperation | Refused;
  /** At once where nothing has to be waited for. */
  run(operation: PreparedOperation, params: Params, caller: Caller, record: OperationRecord): MaybePromise<Answer>;
  /** The events of a subscription; or a result alone, where it cannot begin. */
  subscribe(
    operation: PreparedOperation,
    params: Params,
    caller: Caller,
    record: OperationRecord,
  ): Promise<Answer | AsyncIterableIterator<Answer>>;
}

export function createGraphQLService(options: GraphQLOptions): GraphQLService {
  const { schema, createContext, introspection, operationRate, listener } = options;
  const maskError = createErrorMask(options.log, listener.limited);
  const yoga = createYoga({
    schema,
    plugins: [useNeededRules(!introspection)],
    logging: false,
    maskedErrors: false,
    parserAndValidationCache: false,
  });
  // Made once: a document is parsed and validated without knowing who sent it.
  const enveloped = yoga.getEnveloped();
  const documents = createDocuments({
    schema,
    maskError,
    trusted: options.trustedDocuments && [...options.trustedDocuments, ...documentsOf(options.tabs)],
    allowsIntrospection: options.tabs !== undefined,
    tellsNames: introspection,
    parse(text, maxTokens) {
      try {
        return enveloped.parse(text, maxTokens === undefined ? {} : { maxTokens });
      } catch (error) {
        throw syntaxError(error, maxTokens);
      }
    },
    validate(document) {
      const [error] = enveloped.validate(schema, document);
      if (error !== undefined) throw validationError(error, schema, document, introspection);
    },
  });
  const streams = new OpenStreams(listener);
  const refused = (error: unknown): Refused => ({ errors: [maskError(error)] });

  function run(
    operation: PreparedOperation,
    { variables }: Params,
    caller: Caller,
    record: OperationRecord,
  ): MaybePromise<Answer> {
    const context = createContext(caller, record);
    if (!(context instanceof Promise)) return operation.run(variables, context);
    return context.then((made) => operation.run(variables, made), refused);
  }

  async function subscribe(
    operation: PreparedOperation,
    { variables }: Params,
    caller: Caller,
    record: OperationRecord,
  ): Promise<Answer | AsyncIterableIterator<Answer>> {
    const context = createContext(caller, record);
    if (!(context instanceof Promise)) return operation.subscribe(variables, context);
    return context.then((made) => operation.subscribe(variables, made), refused);
  }

  return {
    kept: documents.kept,
    streams: () => streams.counts,
    begin: (transport, viewer, requestId, brought) =>
      new OperationRecord(transport, viewer, requestId, listener, brought),
    prepare(params, record) {
      const { id, mayExplore, mayRunAnyDocument } = record.viewer;
      try {
        const waitMs = operationRate.take(id, 1);
        if (waitMs > 0) throw tooManyOperations(waitMs);
        const operation = documents.find(params, !mayRunAnyDocument, record).operation(params.operationName);
        record.prepared(operation);
        if (operation.isIntrospecting && !introspection) throw new Forbidden(NO_INTROSPECTION);
        if (operation.isIntrospecting && !mayExplore) throw new Forbidden(NO_EXPLORE);
        return operation;
      } catch (error) {
        const answer = refused(error);
        record.end(answer);
        return answer;
      }
    },
    run(operation, params, caller, record) {
      try {
        const answer = run(operation, params, caller, record);
        if (answer instanceof Promise) return noted(answer, record);
        record.end(answer);
        return answer;
      } catch (error) {
        record.fail();
        throw error;
      }
    },
    async subscribe(operation, params, caller, record) {
      const given = await noted(subscribe(operation, params, caller, record), record);
      return Symbol.asyncIterator in given ? streams.follow(given, record) : given;
    },
  };
}

/** The same, and the record is over when it is there. */
async function noted<A extends Answer | AsyncIterableIterator<Answer>>(
  answer: Promise<A>,
  record: OperationRecord,
): Promise<A> {
  try {
    const given = await answer;
    record.end(Symbol.asyncIterator in given ? BEGUN : given);
    return given;
  } catch (error) {
    record.fail();
    throw error;
  }
}

const BEGUN: Answer = {};

function documentsOf(tabs: readonly GraphiqlTab[] = []): readonly TrustedDocument[] {
  // By the name of its text alone: any other might be one of the list's.
  return tabs.map(({ query }) => ({ id: hash('sha256', query), text: query }));
}

/** Yoga would validate by all of graphql-js's rules, and by those that its plugins add. */
function useNeededRules(hideSuggestions: boolean): Plugin {
  const validate: typeof validateDocument = (schema, document, rules) =>
    validateDocument(schema, document, rules, hideSuggestions);
  return { onValidate: ({ setValidationFn }) => setValidationFn(validate) };
}

const NO_INTROSPECTION = 'This gateway does not tell its schema: ask whoever runs it to turn INTROSPECTION on.';
const NO_EXPLORE = 'Introspection needs the scope `explore`: ask for a token that has it.';
