// A provider on loopback that behaves as each test says, and transports to it, which end with the test.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach } from 'vitest';
import type { Payer } from '../../src/upstream/attempt-plan.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { FIXED_HEADERS, type UpstreamAnswer, type UpstreamRequest } from '../../src/upstream/request.ts';
import { createTransport, type Transport, type TransportOptions } from '../../src/upstream/transport.ts';
import { Troubles } from '../../src/upstream/troubles.ts';
import { attempted } from './attempted.ts';

export type Behave = (response: ServerResponse, request: IncomingMessage) => void;

/** Far beyond a test's own limit: a test that would wait for one of these fails. */
const NEVER = 600_000;
const PATIENT: TransportOptions = {
  maxInFlight: 32,
  connectTimeoutMs: NEVER,
  headersTimeoutMs: NEVER,
  attemptTimeoutMs: NEVER,
};

/** The answer as it came. */
export const get = (transport: Transport, request: UpstreamRequest, cancellation: Cancellation, payer?: Payer) =>
  attempted<UpstreamAnswer>(
    (call) => transport.get({ request, read: (answer) => answer, call, payer, payment: { how: 'caller', caller: '' } }),
    cancellation,
  );

export const good: Behave = (response) => response.end('{"fine":true}');

/** For all tests of a file: a provider, which has nothing of the last test when one begins. */
export function useProvider() {
  const provider = { behave: good };
  const sockets: Socket[] = [];
  const targets: string[] = [];
  const transports: Transport[] = [];
  const server = createServer((request, response) => {
    targets.push(`${request.method} ${request.url}`);
    provider.behave(response, request);
  });
  server.on('connection', (socket) => sockets.push(socket));

  beforeEach(async () => {
    provider.behave = good;
    sockets.length = 0;
    targets.length = 0;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    for (const transport of transports.splice(0)) transport.close();
    server.closeAllConnections();
    if (server.listening) await once(server.close(), 'close');
  });

  function transportWith(options: Partial<TransportOptions> = {}): Transport {
    const troubles = new Troubles({ began: () => {}, ended: () => {} });
    const transport = createTransport(request().origin, troubles, { ...PATIENT, ...options });
    transports.push(transport);
    return transport;
  }

  function request(more: Partial<UpstreamRequest> = {}): UpstreamRequest {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const headers = [...FIXED_HEADERS, 'x-APIKey', 'key'];
    return {
      provider: 'PARTOO',
      origin,
      path: '/read',
      template: '/read',
      query: { id: 'a b' },
      headers,
      maxBytes: 1_000,
      ...more,
    };
  }

  const call = (transport: Transport, more: Partial<UpstreamRequest> = {}) =>
    get(transport, request(more), new Cancellation());

  return { provider, server, sockets, targets, transportWith, request, call };
}
