// The sockets of both ports have one shape. V8 compiles Node's HTTP code for the shapes of sockets that it has met, and Node
// gives a socket one more member when it is asked for its peer. Operations ask, probes and collectors do not: a single
// scrape made each operation 4 % slower from then on (`npm run bench`: what it costs to be counted).

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Asks each connection for its peer when it begins: one that has been reset by then has none, and sends no request. */
export function keepOneShape(server: Server): void {
  server.on('connection', (socket: Socket) => void socket.remoteAddress);
}
