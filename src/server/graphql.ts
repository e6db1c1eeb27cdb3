// POST and GET /graphql: bytes in, GraphQL over HTTP out. Yoga does the protocol; what it leaves open by default is
// closed here: bodies are limited and parsed before it sees them, nothing but JSON is taken, nothing of a request is
// echoed, errors are masked and coded.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Logger } from '../telemetry/log.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import { BodyTooLarge, readBody } from './body.ts';
import { createErrorMask } from './error.ts';
import { graphiqlTabs } from './graphiql.ts';
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
  readonly params?: Record<string, unknown>;
}

export function createGraphQLHandler<Context extends object>(options: GraphQLOptions<Context>): Handler {
  const yoga = createYoga<ServerContext, Context>({
    schema: options.schema,
    context: ({ caller }) => options.createContext(caller),
    graphqlEndpoint: GRAPHQL_PATH,
    plugins: [useParsedBody()],
    maskedErrors: { maskError: createErrorMask(options.log) },
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

  return async (request, response) => {
    const caller = callerOf(response);
    if (request.method !== 'POST') return void (await yoga(request, response, { caller }));
    if (!isJson(request.headers['content-type'])) {
      return refuse(response, 415, 'This endpoint takes JSON: send content-type: application/json.');
    }
    let body: Buffer;
    try {
      body = await readBody(request, MAX_BODY_BYTES);
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) return;
      return refuse(response, 413, `The request is larger than ${MAX_BODY_BYTES} bytes: ask for less at once.`);
    }
    const params = parseObject(body);
    if (params === null) return refuse(response, 400, 'The body is not a JSON object with a query: check its syntax.');
    // Yoga's own adapter to Node's requests and responses costs more than the operation: what it would do for a body
    // that is already read is these lines.
    const url = `http://gateway${request.url}`;
    const asked = new yoga.fetchAPI.Request(url, { method: 'POST', headers: headersOf(request) });
    const answer = await yoga.handle(asked, { caller, params });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
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

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return { accept: headers.accept ?? '*/*', 'content-type': headers['content-type'] ?? '' };
}

/** Hands yoga the body that was read and parsed here. */
function useParsedBody(): Plugin<object, ServerContext> {
  return {
    onRequestParse({ serverContext, setRequestParser }) {
      const params = serverContext?.params;
      if (params !== undefined) setRequestParser(() => params);
    },
  };
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/(graphql\+)?json\s*(;|$)/i.test(contentType ?? '');
}

function parseObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  // The rest of the body stays unread, so the connection cannot be used again.
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' });
  response.end(JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT', retryable: false } }] }));
}
