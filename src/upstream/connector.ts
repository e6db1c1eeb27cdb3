// How a connection to one origin is set up: its name looked up, TCP, TLS where the origin has it, through a proxy
// where there is one. HTTP/1.1 alone: over HTTP/2 all calls would share one connection, and its failures.

import { buildConnector } from 'undici';
import { type Connected, createTunnel, isExcepted, type ProxyServer } from './tunnel.ts';

export type Connector = (connected: Connected) => void;

export interface ConnectorOptions {
  /** For name, TCP and TLS together, in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly proxy?: ProxyServer | undefined;
}

/** A session of TLS that is taken up again is not asked for its certificate, which may be over or revoked by then. */
const NO_SESSIONS = 0;

export function createConnector(origin: string, { connectTimeoutMs, proxy }: ConnectorOptions): Connector {
  const url = new URL(origin);
  const { protocol, host, port } = url;
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false, maxCachedSessions: NO_SESSIONS });
  const direct = { protocol, host, hostname, port };
  if (proxy === undefined || protocol !== 'https:' || isExcepted(url, proxy.except)) {
    return (connected) => connect(direct, connected);
  }
  const tunnel = createTunnel(proxy, `${url.hostname}:${port || '443'}`, connectTimeoutMs);
  return (connected) => {
    tunnel((error, socket) => {
      if (error !== null) connected(error, null);
      else connect({ ...direct, httpSocket: socket }, connected);
    });
  };
}
