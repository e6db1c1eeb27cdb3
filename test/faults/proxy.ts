// A TCP proxy before an imitated provider, that breaks connections the way networks and load balancers do. It counts
// connections, requests and bytes as the gateway causes them. One request a chunk: they are small GETs. It speaks TLS to the
// gateway where it is given a certificate.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Certificate } from '../certificates.ts';

export interface ProxiedRequest {
  /** Path and query. */
  readonly target: string;
  /** 1 for the first request of its connection. */
  readonly onConnection: number;
  readonly atMs: number;
}

/** What is done with a request; true where it was dealt with, false where it is to be passed on. */
export type Fault = (client: Socket, request: ProxiedRequest) => boolean;

export interface FaultyProxy {
  readonly origin: string;
  /** Connections that were taken so far. */
  readonly connections: number;
  readonly requests: readonly ProxiedRequest[];
  /** Bytes that were sent to the gateway. */
  readonly bytesSent: number;
  /** Undefined passes everything on. */
  break(fault: Fault | undefined): void;
  /** Takes no connection any more, and cuts those that are open. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
}

export interface ProxyOptions {
  /** It speaks TLS to the gateway. */
  readonly certificate?: Certificate | undefined;
  /** How long it takes to answer the gateway's first word of TLS, in milliseconds. */
  readonly setUpMs?: number;
  /** An address of this machine; by default 127.0.0.1. */
  readonly address?: string;
  /** By default one that is free. */
  readonly port?: number;
}

export async function startProxy(origin: string, options: ProxyOptions = {}): Promise<FaultyProxy> {
  const { certificate, setUpMs = 0, address = '127.0.0.1' } = options;
  const { hostname, port } = new URL(origin);
  const clients = new Set<Socket>();
  const requests: ProxiedRequest[] = [];
  let connections = 0;
  let bytesOfClosed = 0;
  let fault: Fault | undefined;

  const server = createServer(async (socket) => {
    connections += 1;
    if (setUpMs > 0) await sleep(setUpMs);
    const client = certificate === undefined ? socket : secured(socket, certificate);
    clients.add(client);
    let upstream: Socket | undefined;
    let onConnection = 0;
    client.on('error', () => client.destroy());
    client.on('close', () => {
      clients.delete(client);
      bytesOfClosed += client.bytesWritten;
      upstream?.destroy();
    });
    client.on('data', (chunk) => {
      const target = /^GET (\S+)/.exec(chunk.toString('latin1'))?.[1];
      if (target !== undefined) {
        onConnection += 1;
        const request = { target, onConnection, atMs: performance.now() };
        requests.push(request);
        if (fault?.(client, request)) return;
      }
      if (upstream === undefined) {
        upstream = connect(Number(port), hostname);
        upstream.on('error', () => client.destroy());
        upstream.on('close', () => client.destroy());
        upstream.pipe(client);
      }
      upstream.write(chunk);
    });
  });

  const accept = async (on: number) => {
    server.listen(on, address);
    await once(server, 'listening');
  };
  const own = options.port ?? (await acceptSomewhere(accept));
  if (options.port !== undefined) await accept(options.port);
  return {
    origin: `${certificate === undefined ? 'http' : 'https'}://${address}:${own}`,
    get connections() {
      return connections;
    },
    get bytesSent() {
      return [...clients].reduce((sum, { bytesWritten }) => sum + bytesWritten, bytesOfClosed);
    },
    requests,
    break(next) {
      fault = next;
    },
    async refuse() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const client of clients) client.destroy();
      await closed;
    },
    async accept() {
      if (!server.listening) await accept(own);
    },
  };
}

function secured(socket: Socket, certificate: Certificate): Socket {
  const client = new TLSSocket(socket, { isServer: true, ALPNProtocols: ['h2', 'http/1.1'], ...certificate });
  // Only what is below TLS can be reset.
  client.resetAndDestroy = () => {
    socket.resetAndDestroy();
    return client;
  };
  socket.on('error', () => client.destroy());
  return client;
}

/**
 * Below the range that outgoing connections take their ports from: one of those could take it while it refuses. The range
 * lies above the ports of `free-port.ts` and below those 10,000 higher.
 * @returns the port that was free.
 */
async function acceptSomewhere(accept: (on: number) => Promise<void>): Promise<number> {
  while (true) {
    const port = 23_000 + Math.floor(Math.random() * 6_000);
    try {
      await accept(port);
      return port;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
}

/** The fault, but only so many times. */
export function times(count: number, fault: Fault): Fault {
  let left = count;
  return (client, request) => {
    if (left === 0) return false;
    const dealtWith = fault(client, request);
    if (dealtWith) left -= 1;
    return dealtWith;
  };
}

export const never: Fault = () => true;

export const reset: Fault = (client) => {
  client.resetAndDestroy();
  return true;
};

/** What a server does that closes idle connections, just as another request is on its way to it. */
export const closeOnSecondUse: Fault = (client, { onConnection }) => {
  if (onConnection < 2) return false;
  client.destroy();
  return true;
};

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

/** Sends this text and then resets the connection. */
function sendThenReset(text: string): Fault {
  return (client) => {
    client.write(text, () => client.resetAndDestroy());
    return true;
  };
}

export const resetAfterHeaders = sendThenReset(`${HEAD}content-length: 50\r\n\r\n`);

// What has come would be whole JSON, were it taken for the end.
export const resetInMidBody = sendThenReset(`${HEAD}content-length: 50\r\n\r\n{"status":"DELIVERED"}`);

export const resetInMidChunk = sendThenReset(
  `${HEAD}transfer-encoding: chunked\r\n\r\n16\r\n{"status":"DELIVERED"}\r\n`,
);

/** Answers with these bytes as the body. */
export function answerWith(body: Buffer | string, headers: Readonly<Record<string, string>> = {}): Fault {
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) });
  const head = `${HEAD}${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return (client) => {
    client.write(Buffer.concat([Buffer.from(head), Buffer.from(body)]));
    return true;
  };
}
