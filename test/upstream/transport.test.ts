// One attempt at one call, against a real server on loopback that behaves as each test says.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProviderBadResponse, ProviderTimeout, ProviderUnavailable } from '../../src/invitation/problem.ts';
import type { Payer } from '../../src/upstream/attempt-plan.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { FIXED_HEADERS, type UpstreamAnswer, type UpstreamRequest } from '../../src/upstream/request.ts';
import { createTransport, type Transport, type TransportOptions } from '../../src/upstream/transport.ts';
import { Troubles } from '../../src/upstream/troubles.ts';
import { attempted } from './attempted.ts';

type Behave = (response: ServerResponse, request: IncomingMessage) => void;

/** Far beyond a test's own limit: a test that would wait for one of these fails. */
const NEVER = 600_000;
const PATIENT: TransportOptions = {
  maxInFlight: 32,
  connectTimeoutMs: NEVER,
  headersTimeoutMs: NEVER,
  attemptTimeoutMs: NEVER,
};

/** The answer as it came. */
const get = (transport: Transport, request: UpstreamRequest, cancellation: Cancellation, payer?: Payer) =>
  attempted<UpstreamAnswer>(
    (call) => transport.get({ request, read: (answer) => answer, call, payer, payment: { how: 'caller', caller: '' } }),
    cancellation,
  );

const good: Behave = (response) => response.end('{"fine":true}');

describe('a call', () => {
  const sockets: Socket[] = [];
  const targets: string[] = [];
  const transports: Transport[] = [];
  let behave: Behave;
  const server = createServer((request, response) => {
    targets.push(`${request.method} ${request.url}`);
    behave(response, request);
  });
  server.on('connection', (socket) => sockets.push(socket));

  beforeEach(async () => {
    behave = good;
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

  test('gives status, headers and body, and sends the given headers', async () => {
    behave = (response, { headers }) => {
      const { accept, 'accept-encoding': encoding, 'x-apikey': key } = headers;
      response.writeHead(418, { 'retry-after': '7' }).end(JSON.stringify({ accept, encoding, key }));
    };
    const { status, headers, body } = await call(transportWith());
    expect([status, headers['retry-after']]).toEqual([418, '7']);
    expect(JSON.parse(body.toString())).toEqual({ accept: 'application/json', encoding: 'identity', key: 'key' });
    expect(targets).toEqual(['GET /read?id=a%20b']);
  });

  test('after another one uses the same connection', async () => {
    const transport = transportWith();
    for (const status of [200, 404, 500, 200]) {
      behave = (response) => response.writeHead(status).end('{}');
      expect((await call(transport)).status).toBe(status);
    }
    expect(targets).toHaveLength(4);
    expect(sockets).toHaveLength(1);
  });

  test('accepts a body of exactly maxBytes, and refuses one that is a byte longer', async () => {
    const transport = transportWith();
    behave = (response) => response.end('x'.repeat(1_000));
    expect((await call(transport)).body).toHaveLength(1_000);
    behave = (response) => response.end('x'.repeat(1_001));
    await expect(call(transport)).rejects.toThrow(ProviderBadResponse);
  });

  test('cuts a body that never ends where maxBytes is passed', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<number>();
    behave = (response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) {}
      };
      response.on('drain', more).on('close', () => resolve(response.req.socket.bytesWritten));
      more();
    };
    await expect(call(transportWith(), { maxBytes: 256 * 1024 })).rejects.toThrow(ProviderBadResponse);
    // The server could send no more than the limit and the buffers of the sockets.
    expect(await closed).toBeLessThan(32 * 1024 * 1024);
  });

  test('that is cancelled ends at once, and closes its connection', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    behave = (response) => {
      response.on('close', close);
      ask();
    };
    const cancellation = new Cancellation();
    const pending = get(transportWith(), request(), cancellation);
    await asked;
    const reason = new CallerGone();
    cancellation.cancel(reason);
    // Sooner than anything that needs the network could happen.
    const first = await Promise.race([pending.catch((error: unknown) => error), new Promise(setImmediate)]);
    expect(first).toBe(reason);
    await closed;
  });

  test('that was cancelled before its start is not made', async () => {
    const cancellation = new Cancellation();
    const reason = new CallerGone();
    cancellation.cancel(reason);
    const transport = transportWith();
    await expect(get(transport, request(), cancellation)).rejects.toBe(reason);
    await call(transport);
    expect(targets).toHaveLength(1);
  });

  test('without any answer ends after headersTimeoutMs', async () => {
    behave = () => {};
    await expect(call(transportWith({ headersTimeoutMs: 50 }))).rejects.toThrow(ProviderTimeout);
  });

  test('whose head comes slowly ends after headersTimeoutMs', async () => {
    behave = (response) => {
      response.socket?.write('HTTP/1.1 200 OK\r\nx-slow: ');
      drip(response, () => response.socket?.write('y'));
    };
    await expect(call(transportWith({ headersTimeoutMs: 50 }))).rejects.toThrow(ProviderTimeout);
  });

  test('whose body comes slowly ends after attemptTimeoutMs', async () => {
    behave = (response) => {
      response.writeHead(200).flushHeaders();
      drip(response, () => response.write(' '));
    };
    await expect(call(transportWith({ headersTimeoutMs: 50, attemptTimeoutMs: 150 }))).rejects.toThrow(ProviderTimeout);
  });

  test('whose head comes in time may take longer for its body', async () => {
    behave = (response) => {
      response.writeHead(200).flushHeaders();
      setTimeout(() => response.end('{}'), 700);
    };
    expect((await call(transportWith({ headersTimeoutMs: 500 }))).body.toString()).toBe('{}');
  });

  test('that is not accepted fails', async () => {
    const refused = request();
    const transport = transportWith();
    await once(server.close(), 'close');
    const failure = await get(transport, refused, new Cancellation()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProviderUnavailable);
    expect(String(failure)).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/);
  });

  describe('a call while all connections are busy', () => {
    const held: ServerResponse[] = [];
    const answerAll = async (count: number) => {
      for (let n = 0; n < count; n++) {
        while (held.length === 0) await new Promise(setImmediate);
        held.shift()?.end('{}');
      }
    };
    beforeEach(() => {
      held.length = 0;
      behave = (response) => void held.push(response);
    });

    test('is made in its turn, on an existing connection', async () => {
      const transport = transportWith({ maxInFlight: 2 });
      const calls = [1, 2, 3, 4, 5].map((id) => call(transport, { query: { id: String(id) } }));
      expect(transport.waiting()).toHaveLength(3);
      while (held.length < 2) await new Promise(setImmediate);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(held).toHaveLength(2);
      await answerAll(5);
      await Promise.all(calls);
      expect(targets.slice(2)).toEqual(['GET /read?id=3', 'GET /read?id=4', 'GET /read?id=5']);
      expect(transport.waiting()).toHaveLength(0);
      expect(sockets).toHaveLength(2);
    });

    test('and given up in the line, is never made, and the calls behind it move up', async () => {
      const transport = transportWith({ maxInFlight: 1 });
      const cancellation = new Cancellation();
      const first = call(transport);
      const given = get(transport, request({ query: { id: 'given-up' } }), cancellation);
      const last = call(transport, { query: { id: 'last' } });
      const reason = new CallerGone();
      cancellation.cancel(reason);
      await expect(given).rejects.toBe(reason);
      await answerAll(2);
      await Promise.all([first, last]);
      expect(targets).toEqual(['GET /read?id=a%20b', 'GET /read?id=last']);
    });

    test('and fails, leaves its place to the next', async () => {
      const transport = transportWith({ maxInFlight: 1 });
      behave = (response) => response.socket?.resetAndDestroy();
      const failing = call(transport);
      const next = call(transport);
      await expect(failing).rejects.toThrow(ProviderUnavailable);
      behave = good;
      await next.catch(() => undefined);
      expect((await call(transport)).status).toBe(200);
    });
  });

  describe('that has to be paid for', () => {
    const later = (pay: Payer['pay']): Payer => ({ payNow: () => undefined, pay });

    test('pays when a connection is free, and keeps it where that takes no time', async () => {
      const transport = transportWith({ maxInFlight: 1 });
      const paid = later(() => Promise.resolve(performance.now()));
      const first = get(transport, request({ query: { id: 'first' } }), new Cancellation(), paid);
      const second = get(transport, request({ query: { id: 'second' } }), new Cancellation(), paid);
      await Promise.all([first, second]);
      expect([targets, sockets.length]).toEqual([['GET /read?id=first', 'GET /read?id=second'], 1]);
    });

    test('gives its connection to the next one where it waits for long', async () => {
      const transport = transportWith({ maxInFlight: 1 });
      const { promise: payment, resolve: admit } = Promise.withResolvers<number>();
      const waits = later(() => payment);
      const first = get(transport, request({ query: { id: 'first' } }), new Cancellation(), waits);
      await get(transport, request({ query: { id: 'second' } }), new Cancellation());
      admit(performance.now());
      await first;
      expect(targets).toEqual(['GET /read?id=second', 'GET /read?id=first']);
    });

    test('is not made when it is refused, and frees its place', async () => {
      const transport = transportWith({ maxInFlight: 1 });
      const refusal = new ProviderUnavailable('PARTOO');
      const refuses = later(() => Promise.reject(refusal));
      await expect(get(transport, request(), new Cancellation(), refuses)).rejects.toBe(refusal);
      await call(transport);
      expect(targets).toHaveLength(1);
    });

    test('and is given up meanwhile, is not made though it could be paid for, and its place is free', async () => {
      const transport = transportWith({ maxInFlight: 1 });
      const { promise: payment, resolve: admit } = Promise.withResolvers<number>();
      const cancellation = new Cancellation();
      const waits = later(() => payment);
      const pending = get(transport, request({ query: { id: 'given-up' } }), cancellation, waits);
      const reason = new CallerGone();
      cancellation.cancel(reason);
      await expect(pending).rejects.toBe(reason);
      admit(performance.now());
      await call(transport);
      expect(targets).toEqual(['GET /read?id=a%20b']);
    });
  });

  const partOf = (length: number, then: (socket: Socket | null) => void): Behave => {
    return (response) => response.writeHead(200, { 'content-length': length }).write('{', () => then(response.socket));
  };
  const FAILURES: readonly [string, Behave, new (provider: 'PARTOO') => Error][] = [
    ['the connection is reset', (response) => response.socket?.resetAndDestroy(), ProviderUnavailable],
    ['the connection is reset in mid-body', partOf(100, (socket) => socket?.resetAndDestroy()), ProviderUnavailable],
    ['the connection ends in mid-body', partOf(100, (socket) => socket?.end()), ProviderUnavailable],
    ['the answer is no HTTP', (response) => response.socket?.end('220 mail.example ESMTP\r\n'), ProviderUnavailable],
    ['no answer comes', () => {}, ProviderTimeout],
    ['the body is too long', (response) => response.end('x'.repeat(5_000)), ProviderBadResponse],
  ];
  test.each(FAILURES)('fails where %s, and the next one succeeds', async (_, failing, problem) => {
    const transport = transportWith({ headersTimeoutMs: 1_000 });
    await call(transport);
    behave = failing;
    await expect(call(transport)).rejects.toThrow(problem);
    behave = good;
    expect((await call(transport)).body.toString()).toBe('{"fine":true}');
    expect(sockets.length).toBeLessThanOrEqual(2);
  });
});

function drip(response: ServerResponse, step: () => void): void {
  const timer = setInterval(step, 10);
  response.once('close', () => clearInterval(timer));
}
