// The operator's port: what it serves, and that the port for callers serves none of it.

import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { startAdmin } from '../../src/server/admin.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { freePort } from '../free-port.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

const ON_LOOPBACK = { host: '127.0.0.1', port: 0, allowedHosts: [] };

async function start(environment = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ environment });
  onTestFinished(() => gateway.stop());
  return gateway;
}

test('the probes answer as those of the port for callers', async () => {
  const { adminOrigin, origin } = await start();
  for (const path of ['/health', '/ready']) {
    const [own, other] = [await fetch(adminOrigin + path), await fetch(origin + path)];
    expect([own.status, await own.text()]).toEqual([other.status, await other.text()]);
    expect(own.status).toBe(200);
  }
});

test('nothing of it is served on the port for callers, and nothing for callers on it', async () => {
  const { adminOrigin, origin } = await start();
  for (const path of ['/metrics', '/status', '/']) expect((await fetch(origin + path)).status).toBe(404);
  expect((await fetch(`${adminOrigin}/graphql?query={__typename}`)).status).toBe(404);
  expect((await fetch(`${adminOrigin}/webhooks/cronofy`)).status).toBe(404);
});

test('the first page leads to the status', async () => {
  const { adminOrigin } = await start();
  const { status, headers } = await fetch(adminOrigin, { redirect: 'manual' });
  expect([status, headers.get('location')]).toEqual([302, '/status']);
});

test('only GET and HEAD are taken', async () => {
  const { adminOrigin } = await start();
  expect((await fetch(`${adminOrigin}/health`, { method: 'HEAD' })).status).toBe(200);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    expect((await fetch(`${adminOrigin}/health`, { method })).status).toBe(405);
  }
});

/** The first line of the answer to these bytes. */
async function send(origin: string, bytes: string): Promise<string> {
  const { port } = new URL(origin);
  const socket = connect(Number(port), '127.0.0.1');
  socket.end(bytes);
  return (await text(socket)).split('\r\n', 1)[0] ?? '';
}

test.each([
  ['no host', 'GET /metrics HTTP/1.0\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
  ['several hosts', 'GET /metrics HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
  ['what is no host', 'GET /metrics HTTP/1.1\r\nhost: a b\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
  ['no host, but asks whether the process lives', 'GET /health HTTP/1.0\r\n\r\n', 'HTTP/1.1 200 OK'],
])('a request that names %s', async (_, bytes, line) => {
  const { adminOrigin } = await start();
  expect(await send(adminOrigin, bytes)).toBe(line);
});

const statusOf = async (origin: string, host: string, path = '/metrics') =>
  (await send(origin, `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)).split(' ')[1];

test('it is asked by addresses, and by names that nobody can register', async () => {
  const { adminOrigin } = await start();
  for (const host of [
    '127.0.0.1:9464',
    '10.1.2.3',
    '[::1]:9464',
    '[fe80::1]',
    'localhost:9464',
    'LOCALHOST',
    'gateway.localhost',
    'gateway-2:9464',
    'gateway-admin.monitoring.svc:9464',
    'host.docker.internal',
    'gateway.local.:9464',
  ])
    expect([host, await statusOf(adminOrigin, host)]).toEqual([host, '200']);
});

test('a name that a stranger may have is answered by 403, but for the probes', async () => {
  const { adminOrigin } = await start();
  for (const host of [
    'rebound.example',
    'rebound.example.:9464',
    'rebound.example..',
    'REBOUND.EXAMPLE:9464',
    'localhost.rebound.example',
    'notlocalhost.example',
    '127.0.0.1.rebound.example',
    '10-1-2-3.rebound.example:80',
    'svc.example',
  ]) {
    for (const path of ['/', '/metrics', '/status', '/status/events', '/nothing'])
      expect([host, path, await statusOf(adminOrigin, host, path)]).toEqual([host, path, '403']);
    for (const path of ['/health', '/ready']) expect(await statusOf(adminOrigin, host, path)).toBe('200');
  }
});

test('names that the settings allow, and the one that it listens by, are answered', async () => {
  const ADMIN_ALLOWED_HOSTS = 'Status.example.com, .gateways.example.com';
  const { adminOrigin } = await start({ ADMIN_ALLOWED_HOSTS });
  const hosts = ['status.example.com:80', 'one.gateways.example.com', 'a.b.gateways.example.com'];
  for (const host of hosts) expect([host, await statusOf(adminOrigin, host)]).toEqual([host, '200']);
  for (const host of ['example.com', 'other.status.example.com', 'gateways.example.com', 'xgateways.example.com'])
    expect([host, await statusOf(adminOrigin, host)]).toEqual([host, '403']);
});

test('a page that fails is a 500 that says nothing of the failure, and a line of the log', async () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  const routes = new Map([
    [
      '/broken',
      () => {
        throw new Error('canary');
      },
    ],
  ]);
  const admin = await startAdmin(routes, () => false, ON_LOOPBACK, log);
  onTestFinished(() => admin.stop());
  const response = await fetch(`${admin.origin}/broken`);
  expect(response.status).toBe(500);
  expect((await response.text()) + lines.join()).not.toContain('canary');
  expect(lines).toHaveLength(1);
});

test('it ends while somebody reads, and a port in use is no gateway without one', async () => {
  const routes = new Map([
    ['/events', (_: unknown, response: { writeHead(status: number): void }) => response.writeHead(200)],
  ]);
  const options = { ...ON_LOOPBACK, port: await freePort() };
  const admin = await startAdmin(routes, () => false, options, createLog('silent'));
  await expect(startAdmin(routes, () => false, options, createLog('silent'))).rejects.toMatchObject({
    name: 'AdminUnavailable',
    cause: { code: 'EADDRINUSE' },
  });
  const reading = httpRequest(`${admin.origin}/events`);
  const cut = new Promise((resolve) => reading.once('error', resolve));
  reading.end();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await admin.stop();
  expect(await cut).toMatchObject({ code: 'ECONNRESET' });
  const again = createServer();
  await new Promise<void>((resolve) => again.listen(options.port, options.host, resolve));
  again.close();
});
