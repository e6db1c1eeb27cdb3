// Subscriptions (and queries) over WebSocket, by the graphql-transport-ws protocol: for pages that would run into the
// browser's six connections a host with SSE.

import type { IncomingMessage, Server } from 'node:http';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { GRAPHQL_PATH, type GraphQLService } from './graphql.ts';

const MAX_PAYLOAD_BYTES = 100 * 1024;
const STALLED_MS = 30_000;

/** @returns a function that closes every socket and takes no more. */
export function acceptWebSockets(server: Server, graphql: GraphQLService, corsOrigins: readonly string[]): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES });
  useServer(
    {
      onSubscribe: (context, _, params) => graphql.prepare(params, context.extra.request),
      execute: (args) => graphql.execute(args),
      subscribe: (args) => graphql.subscribe(args),
    },
    sockets,
  );

  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?', 1)[0] !== GRAPHQL_PATH || !isAllowed(request, corsOrigins)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      cutStalled(webSocket);
      sockets.emit('connection', webSocket, request);
    });
  });

  return () => {
    for (const socket of sockets.clients) socket.close(1001, 'going away');
    sockets.close();
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
