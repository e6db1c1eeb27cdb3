// One attempt at one call, against a real server on loopback that behaves as each test says.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ProviderBadResponse, ProviderTimeout, ProviderUnavailable } from '../../src/invitation/problem.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { type Behave, get, good, useProvider } from './loopback-provider.ts';

describe('a call', () => {
  const { provider, server, sockets, targets, transportWith, request, call } = useProvider();

  test('gives status, headers and body, and sends the given headers', async () => {
    provider.behave = (response, { headers }) => {
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
      provider.behave = (response) => response.writeHead(status).end('{}');
      expect((await call(transport)).status).toBe(status);
    }
    expect(targets).toHaveLength(4);
    expect(sockets).toHaveLength(1);
  });

  test('accepts a body of exactly maxBytes, and refuses one that is a byte longer', async () => {
    const transport = transportWith();
    provider.behave = (response) => response.end('x'.repeat(1_000));
    expect((await call(transport)).body).toHaveLength(1_000);
    provider.behave = (response) => response.end('x'.repeat(1_001));
    await expect(call(transport)).rejects.toThrow(ProviderBadResponse);
  });

  test('cuts a body that never ends where maxBytes is passed', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<number>();
    provider.behave = (response) => {
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
    provider.behave = (response) => {
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
    provider.behave = () => {};
    await expect(call(transportWith({ headersTimeoutMs: 50 }))).rejects.toThrow(ProviderTimeout);
  });

  test('whose head comes slowly ends after headersTimeoutMs', async () => {
    provider.behave = (response) => {
      response.socket?.write('HTTP/1.1 200 OK\r\nx-slow: ');
      drip(response, () => response.socket?.write('y'));
    };
    await expect(call(transportWith({ headersTimeoutMs: 50 }))).rejects.toThrow(ProviderTimeout);
  });

  test('whose body comes slowly ends after attemptTimeoutMs', async () => {
    provider.behave = (response) => {
      response.writeHead(200).flushHeaders();
      drip(response, () => response.write(' '));
    };
    await expect(call(transportWith({ headersTimeoutMs: 50, attemptTimeoutMs: 150 }))).rejects.toThrow(ProviderTimeout);
  });

  test('whose head comes in time may take longer for its body', async () => {
    provider.behave = (response) => {
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
    provider.behave = failing;
    await expect(call(transport)).rejects.toThrow(problem);
    provider.behave = good;
    expect((await call(transport)).body.toString()).toBe('{"fine":true}');
    expect(sockets.length).toBeLessThanOrEqual(2);
  });
});

function drip(response: ServerResponse, step: () => void): void {
  const timer = setInterval(step, 10);
  response.once('close', () => clearInterval(timer));
}
