// The operator's port: GET of what stands in a map of paths, and the probes of the port for callers. It has limits of its
// own, so that neither port is served less because the other is busy. It asks for no token: it listens on loopback unless it
// is told otherwise.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Logger } from '../telemetry/log.ts';
import { createHostCheck, FOREIGN_ADMIN_HOST_FAULT } from './foreign-host.ts';
import { HOST_FAULT, hasOneHost, namesNoHost } from './host.ts';
import type { Probe } from './probes.ts';
import { type Handler, reply } from './reply.ts';
import { originOf } from './server.ts';
import { keepOneShape } from './socket-shape.ts';
import { cutStalled } from './stalled.ts';

export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** Names that it may be asked by, beside addresses and names of one's own; one that begins with a dot means all below it. */
  readonly allowedHosts: readonly string[];
}

/** What is served by path, beside `/health` and `/ready`. */
export type AdminRoutes = ReadonlyMap<string, Handler>;

export interface RunningAdmin {
  /** Where it listens. */
  readonly origin: string;
  /** Cuts what is in flight. */
  stop(): Promise<void>;
}

/** The port cannot be listened on, for the reason that is the cause. */
export class AdminUnavailable extends Error {
  override readonly name = 'AdminUnavailable';
}

/** Where `/` leads. */
const FIRST_PATH = '/status';

/** An operator has some pages open, and some that collect. */
const MAX_CONNECTIONS = 100;
const HEADERS_TIMEOUT_MS = 10_000;

export async function startAdmin(
  routes: AdminRoutes,
  probe: Probe,
  { host, port, allowedHosts }: AdminOptions,
  log: Logger,
): Promise<RunningAdmin> {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: HEADERS_TIMEOUT_MS });
  server.maxConnections = MAX_CONNECTIONS;
  cutStalled(server);
  keepOneShape(server);
  const isOwn = createHostCheck([host.toLowerCase(), ...allowedHosts]);

  function route(request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (namesNoHost(request) && probe(path, response)) return;
    if (!hasOneHost(request)) return reply(response, 400, { error: HOST_FAULT }, { connection: 'close' });
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return reply(response, 405, { error: 'This port takes GET.' }, { allow: 'GET, HEAD', connection: 'close' });
    // Whatever name a check gives: the port for callers answers it too.
    if (probe(path, response)) return;
    if (!isOwn(request.headers.host ?? '')) return reply(response, 403, { error: FOREIGN_ADMIN_HOST_FAULT });
    if (path === '/') return void response.writeHead(302, { location: FIRST_PATH, 'content-length': '0' }).end();
    const handle = routes.get(path);
    if (handle === undefined) return reply(response, 404, { error: `There is ${[...routes.keys()].join(', ')}.` });
    return handle(request, response);
  }

  server.on('request', async (request, response) => {
    try {
      await route(request, response);
    } catch (error) {
      log.error({ err: error }, 'a request at the admin port failed by a fault of the gateway');
      if (response.headersSent) response.destroy();
      else reply(response, 500, { error: 'The gateway failed: see its log.' }, { connection: 'close' });
    }
  });
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new AdminUnavailable('the admin port cannot be listened on', { cause });
  }
  // A connection that could not be accepted. Unheard, it would end the process.
  server.on('error', () => undefined);
  return {
    origin: originOf(server),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
