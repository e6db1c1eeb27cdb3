// POST and GET /graphql: bytes in, GraphQL over HTTP out. Yoga does the protocol; what it leaves open by default is
// closed here: bodies are limited and parsed before it sees them, nothing but JSON is taken, nothing of a request is
// echoed, errors are masked and coded.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionArgs, ExecutionResult, execute, GraphQLError, GraphQLSchema, subscribe } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Logger } from '../telemetry/log.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import { BodyTooLarge, readBody } from './body.ts';
import { useCompiledOperations } from './compile.ts';
import { createErrorMask } from './error.ts';
import { graphiqlTabs } from './graphiql.ts';
import { type Params, paramsOfUrl, parseParams } from './params.ts';
import { negotiate, sendResult, takesEvents } from './result.ts';
import type { Handler } from './server.ts';
import { sendEvents } from './sse.ts';

export interface GraphQLOptions<Context extends object> {
  readonly schema: GraphQLSchema;
  /** What one operation works with, for a caller who may leave. */
  readonly createContext: (caller: Cancellation, callerId: string) => Context;
  readonly graphiql: boolean;
  readonly log: Logger;
}

export interface GraphQLService {
  readonly handle: Handler;
  /** For other transports: an operation ready to be run, or what is wrong with it. */
  prepare(
    params: SubscribePayload,
    request: IncomingMessage,
    caller: Cancellation,
  ): Promise<ExecutionArgs | readonly GraphQLError[]>;
  execute(args: ExecutionArgs): ReturnType<typeof execute>;
  subscribe(args: ExecutionArgs): ReturnType<typeof subscribe>;
}

/** Most bytes of a request's body. */
const MAX_BODY_BYTES = 100 * 1024;

export const GRAPHQL_PATH = '/graphql';

interface ServerContext {
  readonly caller: Cancellation;
  readonly callerId: string;
}

export function createGraphQLService<Context extends object>(options: GraphQLOptions<Context>): GraphQLService {
  const maskError = createErrorMask(options.log);
  const yoga = createYoga<ServerContext, Context>({
    schema: options.schema,
    context: ({ caller, callerId }) => options.createContext(caller, callerId),
    graphqlEndpoint: GRAPHQL_PATH,
    plugins: [useMaskedValidation(maskError), useCompiledOperations()],
    maskedErrors: { maskError },
    // Yoga would log every error whole; what is worth a line is logged by the mask.
    logging: false,
    maxRequestBodySize: false,
    multipart: false,
    batching: false,
    landingPage: false,
    cors: false,
    graphiql: options.graphiql && { title: 'Invitation gateway', defaultTabs: graphiqlTabs },
    // Loaded when the first browser comes: it is nine megabytes.
    renderGraphiQL: async (options) => (await import('@graphql-yoga/render-graphiql')).renderGraphiQL(options),
  });
  const request = new yoga.fetchAPI.Request(`http://gateway${GRAPHQL_PATH}`, { method: 'POST' });

  // Yoga's adapter between Node and the Fetch API costs more than a small operation does, so that a POST goes past it.
  async function post(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { accept, 'content-type': contentType } = incoming.headers;
    if (!isJson(contentType)) {
      return refuse(response, 415, 'This endpoint takes JSON: send content-type: application/json.');
    }
    const mediaType = negotiate(accept);
    if (mediaType === undefined && !takesEvents(accept)) {
      return refuse(response, 406, 'This endpoint answers with JSON, or with events to a subscription: accept it.');
    }
    let body: Buffer;
    try {
      body = await readBody(incoming, MAX_BODY_BYTES);
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) return;
      return refuse(response, 413, `The request is larger than ${MAX_BODY_BYTES} bytes: ask for less at once.`);
    }
    const params = parseParams(body);
    if ('fault' in params) return refuse(response, 400, params.fault);
    await run(params, incoming, response);
  }

  async function run(params: Params, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { accept } = incoming.headers;
    const mediaType = negotiate(accept);
    const context = { caller: callerOf(response), callerId: callerIdOf(incoming) };
    const result = await yoga.getResultForParams({ params, request }, context);
    if (result === undefined) throw new TypeError('the operation gave no result');
    if (!isAsyncIterable(result)) {
      // Whoever takes nothing but events gets the one that there is.
      return mediaType === undefined ? sendEvents(response, once(result)) : sendResult(response, mediaType, result);
    }
    if (takesEvents(accept)) return sendEvents(response, result);
    await result[Symbol.asyncIterator]().return?.();
    refuse(response, 406, 'A subscription answers with events: accept text/event-stream, or use a WebSocket.');
  }

  return {
    async handle(incoming, response) {
      if (incoming.method === 'POST') return post(incoming, response);
      const params = takesEvents(incoming.headers.accept) ? paramsOfUrl(incoming.url ?? '') : undefined;
      if (params !== undefined) return run(params, incoming, response);
      await yoga(incoming, response, { caller: callerOf(response), callerId: callerIdOf(incoming) });
    },
    async prepare({ query, variables, operationName }, incoming, caller) {
      const params = { query, ...(variables ? { variables } : {}), ...(operationName ? { operationName } : {}) };
      const enveloped = yoga.getEnveloped({
        request,
        params,
        caller,
        callerId: callerIdOf(incoming),
      });
      try {
        const document = enveloped.parse(params.query);
        const errors = enveloped.validate(enveloped.schema, document);
        if (errors.length > 0) return errors;
        const contextValue = await enveloped.contextFactory();
        return {
          schema: enveloped.schema,
          document,
          contextValue,
          variableValues: variables ?? null,
          operationName: operationName ?? null,
          rootValue: enveloped,
        };
      } catch (error) {
        return [maskError(error)];
      }
    },
    // Each operation has its own, with yoga's plugins around it.
    execute: (args) => runnersOf(args).execute(args),
    subscribe: (args) => runnersOf(args).subscribe(args),
  };
}

type Runners = { execute: typeof execute; subscribe: typeof subscribe };

function runnersOf({ rootValue }: ExecutionArgs): Runners {
  return rootValue as Runners;
}

async function* once(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result;
}

// Callers are told apart by address: nothing else is known of them.
function callerIdOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? 'unknown';
}

/** What a document does wrong goes through the same mask as everything else; yoga lets it pass. */
function useMaskedValidation(maskError: (error: unknown) => GraphQLError): Plugin {
  return {
    onValidate:
      () =>
      ({ valid, result, setResult }) => {
        if (!valid) setResult(result.map(maskError));
      },
  };
}

/** Cancelled when the connection closes before the answer was written. */
function callerOf(response: ServerResponse): Cancellation {
  const caller = new Cancellation();
  response.once('close', () => {
    if (!response.writableFinished) caller.cancel(new CallerGone());
  });
  return caller;
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/(graphql\+)?json\s*(;|$)/i.test(contentType ?? '');
}

function refuse(response: ServerResponse, status: number, message: string): void {
  // The rest of the body stays unread, so the connection cannot be used again.
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' });
  response.end(JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT', retryable: false } }] }));
}
