// Partoo as it counts calls: over TLS, by its own clock, when they arrive. It answers each with a status.

import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../certificates.ts';

export interface CountingProvider {
  readonly port: number;
  /** When each call arrived, in milliseconds. */
  readonly arrivals: readonly number[];
  /** Calls of the last so many milliseconds. */
  used(windowMs: number): number;
  stop(): void;
}

export async function startCountingProvider(certificate: Certificate): Promise<CountingProvider> {
  const arrivals: number[] = [];
  const server = createServer(certificate, (request, response) => {
    arrivals.push(performance.now());
    const { searchParams } = new URL(request.url ?? '', 'http://provider');
    const invitation_id = searchParams.get('invitation_id');
    response.end(JSON.stringify({ invitation_id, status: 'SENT' }));
  }).listen(0, '127.0.0.1');
  server.keepAliveTimeout = 60_000;
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    arrivals,
    used(windowMs) {
      const from = performance.now() - windowMs;
      return arrivals.length - arrivals.findLastIndex((at) => at < from) - 1;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The most calls that lie in one stretch of so many milliseconds. */
export function mostIn(times: readonly number[], windowMs: number): number {
  let [most, first] = [0, 0];
  for (const [last, at] of times.entries()) {
    while ((times[first] ?? at) <= at - windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
