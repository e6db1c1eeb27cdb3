// POST and GET /graphql: bytes in, GraphQL over HTTP out. Yoga does the protocol; what it leaves open by default is
// closed here: bodies are limited and parsed before it sees them, nothing but JSON is taken, nothing of a request is
// echoed, errors are masked and coded.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Logger } from '../telemetry/log.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import { BodyTooLarge, readBody } from './body.ts';
import { useCompiledOperations } from './compile.ts';
import { createErrorMask } from './error.ts';
import { graphiqlTabs } from './graphiql.ts';
import { parseParams } from './params.ts';
import { negotiate, sendResult } from './result.ts';
import type { Handler } from './server.ts';

export interface GraphQLOptions<Context extends object> {
  readonly schema: GraphQLSchema;
  /** What one operation works with; cancelled when its caller has gone. */
  readonly createContext: (caller: Cancellation) => Context;
  readonly graphiql: boolean;
  readonly log: Logger;
}

/** Most bytes of a request's body. */
const MAX_BODY_BYTES = 100 * 1024;

export const GRAPHQL_PATH = '/graphql';

interface ServerContext {
  readonly caller: Cancellation;
}

export function createGraphQLHandler<Context extends object>(options: GraphQLOptions<Context>): Handler {
  const maskError = createErrorMask(options.log);
  const yoga = createYoga<ServerContext, Context>({
    schema: options.schema,
    context: ({ caller }) => options.createContext(caller),
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
  async function post(incoming: IncomingMessage, response: ServerResponse, caller: Cancellation): Promise<void> {
    if (!isJson(incoming.headers['content-type'])) {
      return refuse(response, 415, 'This endpoint takes JSON: send content-type: application/json.');
    }
    const mediaType = negotiate(incoming.headers.accept);
    if (mediaType === undefined) return refuse(response, 406, 'This endpoint answers with JSON: accept it.');
    let body: Buffer;
    try {
      body = await readBody(incoming, MAX_BODY_BYTES);
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) return;
      return refuse(response, 413, `The request is larger than ${MAX_BODY_BYTES} bytes: ask for less at once.`);
    }
    const params = parseParams(body);
    if ('fault' in params) return refuse(response, 400, params.fault);
    const result = await yoga.getResultForParams({ params, request }, { caller });
    if (result === undefined || isAsyncIterable(result)) throw new TypeError('the operation gave no result');
    sendResult(response, mediaType, result);
  }

  return async (incoming, response) => {
    const caller = callerOf(response);
    if (incoming.method === 'POST') return post(incoming, response, caller);
    await yoga(incoming, response, { caller });
  };
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
