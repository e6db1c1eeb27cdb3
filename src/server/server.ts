// Node's HTTP server: which path goes where, and how it starts and drains.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type BlockList, isIPv6 } from 'node:net';
import type { Admission } from '../access/admission.ts';
import type { Logger } from '../telemetry/log.ts';
import { createCallerIds } from './caller-id.ts';
import { boundConnections } from './connections.ts';
import { createCors } from './cors.ts';
import { createDrain } from './drain.ts';
import { FOREIGN_HOST_FAULT, type HostCheck } from './foreign-host.ts';
import { createForeignOrigins } from './foreign-origins.ts';
import type { GraphiqlTab } from './graphiql-html.ts';
import { createGraphiqlPage, isPageRequest } from './graphiql-page.ts';
import { GRAPHQL_PATH, type GraphQLService } from './graphql.ts';
import { HOST_FAULT, hasOneHost, namesNoHost } from './host.ts';
import { createGraphQLHandler } from './http.ts';
import { isRefusedGet, type OriginOptions } from './origins.ts';
import { createProbes, type Probe } from './probes.ts';
import { refuse } from './refusals.ts';
import { type Handler, reply } from './reply.ts';
import { keepOneShape } from './socket-shape.ts';
import { cutStalled } from './stalled.ts';
import { createBroughtTraces } from './trace-context.ts';
import { acceptWebSockets } from './websocket.ts';

export interface RunningServer {
  /** Where it listens, such as http://127.0.0.1:4000. */
  readonly origin: string;
  /** Answers probes as this port does. */
  readonly probe: Probe;
  isDraining(): boolean;
  /** Serves on for so long, while GET /ready sends callers elsewhere. */
  drain(drainMs: number): void;
  /** Closes the WebSockets whose viewer's key or tenant has gone: who may still ask shows its token again. */
  endOutdated(): void;
  /** Takes no more connections, lets what is in flight finish, and cuts what has not by then. */
  stop(timeoutMs: number): Promise<void>;
}

export interface ServerOptions extends OriginOptions {
  readonly host: string;
  readonly port: number;
  readonly corsHeaders: readonly string[];
  /** Proxies whose X-Forwarded-For says who the caller is. */
  readonly trustedProxies: BlockList;
}

export interface Routes {
  readonly graphql: GraphQLService;
  /** Who may ask it. */
  readonly admission: Admission;
  /** By which hosts. Webhooks, which are signed, and probes are asked by any. */
  readonly isOwnHost: HostCheck;
  readonly webhooks: Handler;
  /** Whether any provider can be called. */
  readonly isConfigured: boolean;
  /** What does not work as it should, by name; the gateway serves all the same. */
  readonly degraded: () => readonly string[];
  /** What GraphiQL opens with; undefined where there is no GraphiQL. */
  readonly tabs: readonly GraphiqlTab[] | undefined;
}

const HEADERS_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 30_000;

/** How often Node looks at the two timeouts: they hold to the second. */
const TIMEOUT_CHECK_MS = 1_000;

export async function startServer(routes: Routes, options: ServerOptions, log: Logger): Promise<RunningServer> {
  const onFault = (error: unknown) => log.error({ err: error }, 'a request failed by a fault of the gateway');
  const cors = createCors(options.corsOrigins, options.corsHeaders);
  const tellOrigin = createForeignOrigins(options, log);
  const callerIdOf = createCallerIds(options.trustedProxies);
  const broughtBy = createBroughtTraces(options.trustedProxies);
  const { graphql, admission, isOwnHost, tabs } = routes;
  const { asksForTokens } = admission;
  const graphiql = tabs && createGraphiqlPage({ title: 'Invitation gateway', tabs, asksForTokens });
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    keepAliveTimeout: 65_000,
    // Some clients offer HTTP/2 by the same header: they are answered as if they had not.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  const connections = boundConnections(server, log);
  cutStalled(server);
  keepOneShape(server);
  const drain = createDrain(server);
  const doors = { graphql, admission, callerIdOf, broughtBy, onFault };
  const handle = createGraphQLHandler({ ...doors, isClosing: drain.isClosing });
  const probe = createProbes({
    isConfigured: routes.isConfigured,
    hasKeys: admission.isReady,
    isDraining: drain.isDraining,
    degraded: () => [...routes.degraded(), ...(connections.areShort() ? ['CONNECTIONS'] : [])],
  });

  function route(request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (namesNoHost(request) && probe(path, response)) return;
    if (!hasOneHost(request)) return refuse(request, response, 400, HOST_FAULT);
    if (cors(request, response)) return;
    if (path === GRAPHQL_PATH) {
      if (!isOwnHost(request.headers.host ?? '')) return refuse(request, response, 403, FOREIGN_HOST_FAULT);
      tellOrigin(request);
      if (request.method === 'POST') return handle(request, response);
      if (isRefusedGet(request, options))
        return refuse(
          request,
          response,
          403,
          'A browser may not run an operation by a link, nor from this origin: send a POST, or add the origin to CORS_ORIGINS.',
        );
      if (graphiql && isPageRequest(request)) return graphiql.page(request, response);
      return handle(request, response);
    }
    if (path.startsWith('/webhooks/')) return routes.webhooks(request, response);
    if (probe(path, response)) return;
    const isAsset = graphiql?.asset(path, request, response) ?? false;
    if (isAsset instanceof Promise) return isAsset.then((isSent) => (isSent ? undefined : notFound(response)));
    if (!isAsset) notFound(response);
  }

  function fail(response: ServerResponse, error: unknown): void {
    onFault(error);
    if (response.headersSent) response.destroy();
    else reply(response, 500, { error: 'The gateway failed: try again.' }, { connection: 'close' });
  }

  // One request of a connection at a time. A client may send several without waiting (pipelining): Node hands them over in one turn
  // of the loop, keeps all their answers, and may never close those whose turn to be written has not come.
  server.on('request', (request, response) => {
    if (response.socket !== null) return dispatch(request, response);
    // The answer before it is sent a moment later.
    response.once('socket', () => setImmediate(() => response.destroyed || dispatch(request, response)));
  });

  function dispatch(request: IncomingMessage, response: ServerResponse): void {
    if (drain.isClosing()) response.shouldKeepAlive = false;
    try {
      const handled = route(request, response);
      if (handled instanceof Promise) handled.catch((error: unknown) => fail(response, error));
    } catch (error) {
      fail(response, error);
    }
  }

  const webSockets = acceptWebSockets(server, { ...doors, isOwnHost, origins: options, tellOrigin });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return {
    origin: originOf(server),
    probe,
    isDraining: drain.isDraining,
    drain: drain.begin,
    endOutdated: webSockets.endOutdated,
    stop(timeoutMs) {
      webSockets.close(timeoutMs);
      return drain.close(timeoutMs);
    },
  };
}

function notFound(response: ServerResponse): void {
  reply(response, 404, { error: `There is nothing here: GraphQL is at ${GRAPHQL_PATH}.` });
}

export function originOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return `http://${isIPv6(address.address) ? `[${address.address}]` : address.address}:${address.port}`;
}
