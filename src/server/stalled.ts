// Readers that stall. What waits for a reader is kept until it is taken, an answer of some megabytes as well as the next
// slice of a text: a connection whose reader does not take the piece that is its turn within thirty seconds is cut,
// whatever it was asked for. It is looked at by connection, so that an answer that is read at once costs nothing here.

import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const STALLED_MS = 30_000;

/** How often connections are looked at in that time. Looks are counted, not time: in a process that stood still nobody could read. */
const LOOKS = 10;

/** Where a connection stood when it was last looked at. */
interface Seen {
  taken: number;
  looks: number;
}

/** Cuts the connections of a server whose readers stall. */
export function cutStalled(server: Server, stalledMs = STALLED_MS): void {
  const connections = new Map<Socket, Seen>();
  server.on('connection', (socket: Socket) => {
    connections.set(socket, { taken: 0, looks: 0 });
    socket.once('close', () => connections.delete(socket));
  });
  const looking = setInterval(() => {
    for (const [socket, seen] of connections) look(socket, seen);
  }, stalledMs / LOOKS).unref();
  server.once('close', () => clearInterval(looking));
}

function look(socket: Socket, seen: Seen): void {
  const waiting = socket.writableLength;
  const taken = waiting === 0 ? 0 : socket.bytesWritten - waiting;
  if (waiting === 0 || taken !== seen.taken) seen.looks = 0;
  else seen.looks += 1;
  seen.taken = taken;
  if (seen.looks >= LOOKS) socket.destroy();
}

/** Resolves once the reader has taken what waits for it, or has gone. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      response.off('drain', finish);
      response.off('close', finish);
      resolve();
    };
    response.on('drain', finish);
    response.on('close', finish);
  });
}
