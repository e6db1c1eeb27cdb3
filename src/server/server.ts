// Node's HTTP server: which path goes where, and how it starts and drains.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { createCors } from './cors.ts';
import { GRAPHQL_PATH, type GraphQLService } from './graphql.ts';
import { acceptWebSockets } from './websocket.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

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
}

export interface Routes {
  readonly graphql: GraphQLService;
  readonly webhooks: Handler;
  /** What does not work as it should, by name; the gateway serves all the same. */
  readonly degraded: () => readonly string[];
}

export async function startServer(routes: Routes, { host, port, corsOrigins }: ServerOptions): Promise<RunningServer> {
  const cors = createCors(corsOrigins);
  const server = createServer({
    requestTimeout: 30_000,
    headersTimeout: 10_000,
    keepAliveTimeout: 65_000,
    // Some clients offer HTTP/2 by the same header: they are answered as if they had not.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  const open = new Set<ServerResponse>();
  server.on('request', (request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (cors(request, response)) return;
    const path = request.url?.split('?', 1)[0] ?? '';
    const handler =
      path === GRAPHQL_PATH ? routes.graphql.handle : path.startsWith('/webhooks/') ? routes.webhooks : null;
    if (handler !== null) {
      handler(request, response).catch(() => response.destroy());
    } else if (path === '/health') {
      reply(response, 200, { status: 'alive' });
    } else if (path === '/ready') {
      const degraded = routes.degraded();
      reply(response, 200, { status: degraded.length === 0 ? 'ready' : 'degraded', degraded });
    } else {
      reply(response, 404, { error: `There is nothing here: GraphQL is at ${GRAPHQL_PATH}.` });
    }
  });
  const closeWebSockets = acceptWebSockets(server, routes.graphql, corsOrigins);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    origin: originOf(server),
    stop(timeoutMs) {
      closeWebSockets(timeoutMs);
      return stop(server, open, timeoutMs);
    },
  };
}

export function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function stop(server: Server, open: Iterable<ServerResponse>, timeoutMs: number): Promise<void> {
  // A connection that is kept alive would keep the process alive too.
  for (const response of open) {
    if (!response.headersSent) response.setHeader('connection', 'close');
    else response.once('close', () => setImmediate(() => server.closeIdleConnections()));
  }
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function originOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return `http://${isIPv6(address.address) ? `[${address.address}]` : address.address}:${address.port}`;
}
