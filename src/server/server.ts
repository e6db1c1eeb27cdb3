// Node's HTTP server: which path goes where, and how it starts and drains.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Logger } from '../telemetry/log.ts';
import { createCors } from './cors.ts';
import type { GraphiqlTab } from './graphiql-html.ts';
import { createGraphiqlPage, isPageRequest } from './graphiql-page.ts';
import { GRAPHQL_PATH, type GraphQLService } from './graphql.ts';
import { HOST_FAULT, hasOneHost } from './host.ts';
import { createGraphQLHandler, refuse } from './http.ts';
import { isRefusedGet } from './origins.ts';
import { type Handler, reply } from './reply.ts';
import { acceptWebSockets } from './websocket.ts';

export interface RunningServer {
  /** Where it listens, such as http://127.0.0.1:4000. */
  readonly origin: string;
  /** Takes no more connections, lets what is in flight finish, and cuts what has not by then. */
  stop(timeoutMs: number): Promise<void>;
}

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly corsOrigins: readonly string[];
  readonly corsHeaders: readonly string[];
}

export interface Routes {
  readonly graphql: GraphQLService;
  readonly webhooks: Handler;
  /** What does not work as it should, by name; the gateway serves all the same. */
  readonly degraded: () => readonly string[];
  /** What GraphiQL opens with; undefined where there is no GraphiQL. */
  readonly tabs: readonly GraphiqlTab[] | undefined;
}

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** How often Node looks at the two timeouts: they hold to the second. */
const TIMEOUT_CHECK_MS = 1_000;

/** Most connections at once: each holds on to some kilobytes, and a process has only so many files. */
const MAX_CONNECTIONS = 10_000;

/** How often connections that have become idle are closed while the server stops. */
const SWEEP_MS = 20;

export async function startServer(routes: Routes, options: ServerOptions, log: Logger): Promise<RunningServer> {
  const onFault = (error: unknown) => log.error({ err: error }, 'a request failed by a fault of the gateway');
  const cors = createCors(options.corsOrigins, options.corsHeaders);
  const handle = createGraphQLHandler(routes.graphql, () => !server.listening, onFault);
  const { tabs } = routes;
  const graphiql = tabs && createGraphiqlPage({ title: 'Invitation gateway', tabs });
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    keepAliveTimeout: 65_000,
    // Some clients offer HTTP/2 by the same header: they are answered as if they had not.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  server.maxConnections = MAX_CONNECTIONS;

  function route(request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    if (!hasOneHost(request)) return refuse(response, 400, HOST_FAULT);
    if (cors(request, response)) return;
    const url = request.url ?? '';
    const path = url.split('?', 1)[0] ?? '';
    if (path === GRAPHQL_PATH) {
      if (request.method === 'POST') return handle(request, response);
      if (isRefusedGet(request, options.corsOrigins))
        return refuse(
          response,
          403,
          'A browser may not run an operation by a link, nor from this origin: send a POST, or add the origin to CORS_ORIGINS.',
        );
      if (graphiql && isPageRequest(request)) return graphiql.page(request, response);
      return handle(request, response);
    }
    if (path.startsWith('/webhooks/')) return routes.webhooks(request, response);
    if (path === '/health') return reply(response, 200, { status: 'alive' });
    if (path === '/ready') {
      const degraded = routes.degraded();
      return reply(response, 200, { status: degraded.length === 0 ? 'ready' : 'degraded', degraded });
    }
    const isAsset = graphiql?.asset(path, request, response) ?? false;
    if (isAsset instanceof Promise) return isAsset.then((isSent) => (isSent ? undefined : notFound(response)));
    if (!isAsset) notFound(response);
  }

  function fail(response: ServerResponse, error: unknown): void {
    onFault(error);
    if (response.headersSent) response.destroy();
    else reply(response, 500, { error: 'The gateway failed: try again.' }, { connection: 'close' });
  }

  server.on('request', (request, response) => {
    try {
      const handled = route(request, response);
      if (handled instanceof Promise) handled.catch((error: unknown) => fail(response, error));
    } catch (error) {
      fail(response, error);
    }
  });
  const closeWebSockets = acceptWebSockets(server, routes.graphql, options.corsOrigins, onFault);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    origin: originOf(server),
    stop(timeoutMs) {
      closeWebSockets(timeoutMs);
      return stop(server, timeoutMs);
    },
  };
}

function notFound(response: ServerResponse): void {
  reply(response, 404, { error: `There is nothing here: GraphQL is at ${GRAPHQL_PATH}.` });
}

function stop(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
    // A connection that is kept alive would keep the process alive too.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
  });
}

function originOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return `http://${isIPv6(address.address) ? `[${address.address}]` : address.address}:${address.port}`;
}
