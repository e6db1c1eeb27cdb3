// Partoo as it counts calls: over TLS, by its own clock, when they arrive. It answers each with a status.

import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../certificates.ts';

export interface CountingProvider {
  readonly port: number;
  /** When each call arrived, in milliseconds. */
  readonly arrivals: readonly number[];
  /** The status of each invitation; SENT where none is set. */
  readonly statuses: Map<string, string>;
  /** What was answered, and when, by the clock on the wall. */
  readonly answers: readonly { readonly id: string; readonly status: string; readonly at: number }[];
  /** Calls of the last so many milliseconds. */
  used(windowMs: number): number;
  stop(): void;
}

export async function startCountingProvider(certificate: Certificate): Promise<CountingProvider> {
  const arrivals: number[] = [];
  const statuses = new Map<string, string>();
  const answers: { id: string; status: string; at: number }[] = [];
  const server = createServer(certificate, (request, response) => {
    arrivals.push(performance.now());
    const { searchParams } = new URL(request.url ?? '', 'http://provider');
    const id = searchParams.get('invitation_id') ?? '';
    const status = statuses.get(id) ?? 'SENT';
    answers.push({ id, status, at: Date.now() });
    response.end(JSON.stringify({ invitation_id: id, status }));
  }).listen(0, '127.0.0.1');
  server.keepAliveTimeout = 60_000;
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    arrivals,
    statuses,
    answers,
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
