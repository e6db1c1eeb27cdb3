// A way through a proxy where no other leads out: a tunnel (CONNECT), through which the provider is spoken to over TLS. The
// proxy learns host and port of the provider, and nothing of what is said. So plain HTTP is never sent through one:
// the credential would be readable there.

import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';
import type { Secret } from './secret.ts';

export interface ProxyServer {
  /** An http or https URL; a name and a password in it sign in there. */
  readonly url: Secret;
  /** Hosts that are reached without it. */
  readonly except: readonly string[];
}

/** The proxy could not be reached, or let nothing through. */
export class ProxyFailed extends Error {
  override readonly name = 'ProxyFailed';
  /** A code, or the status of its refusal. */
  readonly detail: string | number | undefined;

  constructor(cause: unknown) {
    super('the proxy let nothing through');
    const code = cause instanceof Error && 'code' in cause ? cause.code : cause;
    this.detail = typeof code === 'string' || typeof code === 'number' ? code : undefined;
  }
}

export type Connected = (...outcome: [error: null, socket: Socket] | [error: Error, socket: null]) => void;

/**
 * @param target Host and port.
 * @param timeoutMs For the connection to the proxy, and again for its answer.
 * @returns a function that opens a tunnel to the target.
 */
export function createTunnel(proxy: ProxyServer, target: string, timeoutMs: number): (connected: Connected) => void {
  const { origin, username, password } = new URL(proxy.url.reveal());
  const name = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers: Record<string, string> = { host: target };
  if (name !== ':') headers['proxy-authorization'] = `Basic ${Buffer.from(name).toString('base64')}`;
  const build = buildConnector({ timeout: timeoutMs, allowH2: false });
  // A certificate is to be the proxy's: undici would look for the host that the header names.
  const connect: buildConnector.connector = (to, connected) => build({ ...to, servername: '' }, connected);

  return (connected) => {
    const client = new Client(origin, {
      connect,
      allowH2: false,
      headersTimeout: timeoutMs,
    });
    client.connect({ path: target, headers }, (error, answer) => {
      if (error !== null) {
        connected(new ProxyFailed(error), null);
      } else if (answer.statusCode < 200 || answer.statusCode > 299) {
        answer.socket.on('error', () => {}).destroy();
        connected(new ProxyFailed(answer.statusCode), null);
      } else {
        // What undici hands out for a tunnel is the connection itself.
        connected(null, answer.socket as Socket);
      }
      void client.destroy();
    });
  };
}

/** Whether the origin is among the hosts that are reached without a proxy, as `NO_PROXY` is commonly understood. */
export function isExcepted({ hostname, port, protocol }: URL, except: readonly string[]): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const ownPort = port || (protocol === 'https:' ? '443' : '80');
  return except.some((entry) => {
    const [, named = entry, onPort] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
    if (onPort !== undefined && onPort !== ownPort) return false;
    const suffix = named
      .replace(/^\*?\./, '')
      .replace(/^\[|\]$/g, '')
      .toLowerCase();
    return named === '*' || host === suffix || host.endsWith(`.${suffix}`);
  });
}
