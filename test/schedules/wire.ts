// A TCP link between two processes, as a network is: it has a delay, takes time to be set up, and can be cut.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Wire {
  readonly port: number;
  /** The port that new connections lead to. */
  target: number;
  /** How long each piece takes in either direction, in milliseconds. */
  delayMs: number;
  /** How much longer the first piece of a connection takes. */
  setUpMs: () => number;
  /** Cuts what stands and takes nothing new; or mends it. */
  cut(isCut: boolean): void;
  stop(): void;
}

export async function startWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let isCut = false;

  function forward(from: Socket, to: Socket, setUpMs: number): void {
    let dueAt = performance.now() + setUpMs;
    from.on('data', (piece) => {
      // Pieces keep their order, whatever becomes of the delay.
      dueAt = Math.max(dueAt, performance.now() + wire.delayMs);
      const waitMs = dueAt - performance.now();
      if (waitMs < 1) to.write(piece);
      else setTimeout(() => to.write(piece), waitMs);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    sockets.add(from);
  }

  const server = createServer({ noDelay: true }, (near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect({ port: wire.target, host: '127.0.0.1', noDelay: true });
    forward(near, far, wire.setUpMs());
    forward(far, near, 0);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const wire: Wire = {
    port: (server.address() as AddressInfo).port,
    target,
    delayMs: 0,
    setUpMs: () => 0,
    cut(next) {
      isCut = next;
      if (isCut) for (const socket of sockets) socket.destroy();
    },
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return wire;
}
