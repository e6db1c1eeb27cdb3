// Subscriptions (and queries) over WebSocket, by the graphql-transport-ws protocol: for pages that would run into the
// browser's six connections a host with SSE. graphql-ws speaks the protocol; each socket is bounded on its own. Browsers cannot
// set headers of a WebSocket: who asks is settled by its first message.

import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols, makeServer } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { Admission } from '../access/admission.ts';
import { authorizationOf } from './authorization.ts';
import { type CallerIdOf, FORWARDED_FAULT } from './caller-id.ts';
import { FOREIGN_HOST_FAULT, type HostCheck } from './foreign-host.ts';
import { GRAPHQL_PATH, type GraphQLService } from './graphql.ts';
import { HOST_FAULT, hasOneHost } from './host.ts';
import { isAllowedOrigin, type OriginOptions } from './origins.ts';
import { refuse } from './refusals.ts';
import { asWritten, SocketOperations } from './socket-operations.ts';
import type { BroughtBy } from './trace-context.ts';
import { type ConnectionInit, connect, type Extra, type Session } from './websocket-connection.ts';

const MAX_PAYLOAD_BYTES = 100 * 1024;

/** The process goes, and nothing that was subscribed to has completed: clients connect anew and go on. */
const GOING_AWAY = 1001;

/** A client that says nothing between two of these has gone; the pings keep a silent socket open through proxies. */
const PING_MS = 12_000;

const NO_HANDSHAKE =
  'This is no handshake of a WebSocket: send a GET with sec-websocket-key and sec-websocket-version: 13, as clients do.';

export interface WebSocketOptions {
  readonly graphql: GraphQLService;
  readonly admission: Admission;
  readonly callerIdOf: CallerIdOf;
  readonly broughtBy: BroughtBy;
  readonly isOwnHost: HostCheck;
  readonly origins: OriginOptions;
  /** Tells the operator of an origin that is kept out. */
  readonly tellOrigin: (request: IncomingMessage) => void;
  readonly onFault: (error: unknown) => void;
}

export interface AcceptedWebSockets {
  /** Ends those whose viewer's key or tenant has gone: who may still ask shows its token again. */
  endOutdated(): void;
  /** Takes no more of them and closes those there are, at the latest after so many milliseconds. */
  close(timeoutMs: number): void;
}

export function acceptWebSockets(
  server: Server,
  { graphql, admission, callerIdOf, broughtBy, isOwnHost, origins, tellOrigin, onFault }: WebSocketOptions,
): AcceptedWebSockets {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PAYLOAD_BYTES,
    // Answered by us, as long as the other side reads.
    autoPong: false,
    handleProtocols,
  });
  const protocol = makeServer<Record<string, unknown>, Extra>({
    onConnect: ({ extra, connectionParams }) => extra.enter(connectionParams),
    onSubscribe: ({ extra, subscriptions }, id, payload) => {
      return extra.operations.begin(id, payload, () => id in subscriptions);
    },
    execute: (args) => SocketOperations.of(args).execute(args),
    subscribe: (args) => SocketOperations.of(args).subscribe(args),
    // It is in its final form, and graphql-ws would take its errors for graphql-js's.
    onNext: (_, __, ___, ____, result) => asWritten(result),
    onError: ({ extra }, _, __, errors) => extra.operations.told(errors),
    onComplete: ({ extra }, id) => extra.operations.end(id),
  });

  sockets.on('wsClientError', (_, __, request) =>
    refuseUpgrade(request, 400, NO_HANDSHAKE, { 'sec-websocket-version': '13, 8' }),
  );
  let isClosed = false;

  server.on('upgrade', (request, socket, head) => {
    // Node hands the socket over bare: a client that breaks off now would end the process, and one that stays would keep it
    // from ending.
    socket.on('error', () => socket.destroy());
    try {
      open(request, socket, head);
    } catch (error) {
      // Thrown out of here, it would end the process.
      onFault(error);
      socket.destroy();
    }
  });

  /** With which status and words an upgrade is refused, whoever asks for it. */
  function faultOf(request: IncomingMessage): readonly [status: number, message: string] | undefined {
    if (isClosed) return [503, 'The gateway goes away: connect again.'];
    if (!hasOneHost(request)) return [400, HOST_FAULT];
    if (request.url?.split('?', 1)[0] !== GRAPHQL_PATH) return [403, `GraphQL is at ${GRAPHQL_PATH}.`];
    if (!isOwnHost(request.headers.host ?? '')) return [403, FOREIGN_HOST_FAULT];
    if (isAllowedOrigin(request.headers, origins)) return undefined;
    tellOrigin(request);
    return [403, 'Pages of this origin may not ask: add it to CORS_ORIGINS.'];
  }

  function open(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const fault = faultOf(request);
    if (fault !== undefined) {
      refuseUpgrade(request, ...fault);
      return;
    }
    const address = callerIdOf(request);
    if (address === undefined) {
      refuseUpgrade(request, 400, FORWARDED_FAULT);
      return;
    }
    const header = authorizationOf(request);
    const brought = broughtBy(request)?.linked();
    const admit = (payload: ConnectionInit) => admission.admit(shownIn(payload) ?? header, address);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const operations = new SocketOperations(graphql, brought, onFault);
      sessions.set(webSocket, connect(protocol, webSocket, admit, operations, onFault));
    });
  }

  const pings = setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket)) socket.terminate();
      else {
        silent.add(socket);
        socket.once('pong', () => silent.delete(socket));
        socket.ping();
      }
    }
  }, PING_MS).unref();
  const silent = new WeakSet<object>();
  const sessions = new WeakMap<object, Session>();

  return {
    endOutdated() {
      for (const socket of sockets.clients) sessions.get(socket)?.endIfOutdated();
    },
    close(timeoutMs) {
      isClosed = true;
      clearInterval(pings);
      sockets.close();
      for (const socket of sockets.clients) socket.close(GOING_AWAY, 'going away');
      setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, timeoutMs).unref();
    },
  };
}

/** What `connection_init` shows; undefined where it shows nothing. */
function shownIn(payload: ConnectionInit): readonly string[] | undefined {
  const { authorization = null } = payload ?? {};
  if (authorization === null) return undefined;
  return [typeof authorization === 'string' ? authorization : ''];
}

// Node hands over no response. Who is refused is told so as over HTTP, and the socket goes.
function refuseUpgrade(request: IncomingMessage, status: number, message: string, headers: object = {}): void {
  const response = new ServerResponse(request);
  try {
    response.assignSocket(request.socket);
  } catch {
    // A request before it on this connection is not answered yet, and its answer has the socket.
    request.socket.destroy();
    return;
  }
  response.once('finish', () => request.socket.destroySoon());
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  refuse(request, response, status, message);
}
