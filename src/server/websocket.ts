// Subscriptions (and queries) over WebSocket, by the graphql-transport-ws protocol: for pages that would run into the
// browser's six connections a host with SSE.

import type { IncomingMessage, Server } from 'node:http';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import { GRAPHQL_PATH, type GraphQLService } from './graphql.ts';

const MAX_PAYLOAD_BYTES = 100 * 1024;
const STALLED_MS = 30_000;
const COMPLETING_MS = 50;

/** @returns a function that takes no more sockets and closes those there are, at the latest after so many milliseconds. */
export function acceptWebSockets(
  server: Server,
  graphql: GraphQLService,
  corsOrigins: readonly string[],
): (timeoutMs: number) => void {
  const callers = new WeakMap<WebSocket, Cancellation>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES });
  useServer(
    {
      onSubscribe: ({ extra }, _, params) =>
        graphql.prepare(params, extra.request, callers.get(extra.socket) ?? new Cancellation()),
      execute: (args) => graphql.execute(args),
      subscribe: (args) => graphql.subscribe(args),
    },
    sockets,
  );

  server.on('upgrade', (request, socket, head) => {
    // Node hands the socket over bare: whoever breaks off now would end the process, and whoever stays keep it from ending.
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?', 1)[0] !== GRAPHQL_PATH || !isAllowed(request, corsOrigins)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n', () => socket.destroy());
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      cutStalled(webSocket);
      const caller = new Cancellation();
      callers.set(webSocket, caller);
      webSocket.once('close', () => caller.cancel(new CallerGone()));
      sockets.emit('connection', webSocket, request);
    });
  });

  return (timeoutMs) => {
    sockets.close();
    // What was completed is told before the socket closes.
    setTimeout(() => {
      for (const socket of sockets.clients) socket.close(1001, 'going away');
    }, COMPLETING_MS);
    const cut = setTimeout(() => {
      for (const socket of sockets.clients) socket.terminate();
    }, timeoutMs);
    cut.unref();
  };
}

/** CORS does not hold for WebSockets, so the origin is checked here: our own pages, and those the settings name. */
function isAllowed({ headers }: IncomingMessage, corsOrigins: readonly string[]): boolean {
  const { origin, host } = headers;
  return origin === undefined || corsOrigins.includes(origin) || URL.parse(origin)?.host === host;
}

/** A reader that takes nothing for thirty seconds is cut, before what waits for it grows. */
function cutStalled(socket: WebSocket): void {
  let waiting = 0;
  const timer = setInterval(() => {
    if (waiting > 0 && socket.bufferedAmount >= waiting) socket.terminate();
    waiting = socket.bufferedAmount;
  }, STALLED_MS).unref();
  socket.once('close', () => clearInterval(timer));
}
