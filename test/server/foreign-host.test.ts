// By which names the port for callers is asked where it asks for no token: a stranger's page whose name leads to this machine
// (DNS rebinding) reads nothing.

import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createHostCheck } from '../../src/server/foreign-host.ts';
import type { Environment } from '../../src/settings.ts';
import { SECRET } from '../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

const QUERY = '{ reviewInvitation(invitationId: "review-sent") { status } }';
const URL_QUERY = `/graphql?query=${encodeURIComponent(QUERY)}`;

async function start(environment: Environment = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ environment });
  onTestFinished(() => gateway.stop());
  return gateway;
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const POST: Asked = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: QUERY }),
};

/** `fetch` writes the Host itself. */
function ask(
  { origin }: TestGateway,
  host: string,
  { method = 'GET', path = '/graphql', headers = {}, body }: Asked,
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(origin + path, { method, headers: { ...headers, host }, agent: false }, async (response) => {
      resolve({ status: response.statusCode, body: await text(response) });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** 101 where a WebSocket is opened, else the status that it was refused with. */
function open({ origin }: TestGateway, host: string): Promise<number | undefined> {
  const url = `${origin.replace('http', 'ws')}/graphql`;
  const socket = new WebSocket(url, 'graphql-transport-ws', { headers: { host, origin: `http://${host}` } });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode));
  });
}

const DOORS: readonly (readonly [string, Asked])[] = [
  ['a POST', POST],
  ['a GET', { path: URL_QUERY }],
  ['a GET with events', { path: URL_QUERY, headers: { accept: 'text/event-stream' } }],
  ['the GraphiQL page', { headers: { accept: 'text/html' } }],
];

test.each(DOORS)('%s is answered by addresses and names of this machine', async (_, asked) => {
  const gateway = await start();
  for (const host of ['127.0.0.1:4000', '[::1]:4000', 'localhost:5173', 'LOCALHOST', 'app.localhost:3000', 'app.test'])
    expect([host, (await ask(gateway, host, asked)).status]).toEqual([host, 200]);
});

test.each(DOORS)('%s by a name that a stranger may have is refused, and nothing is read', async (_, asked) => {
  const gateway = await start();
  for (const host of [
    'rebound.example:4000',
    'REBOUND.example.',
    'localhost.rebound.example',
    '127.0.0.1.rebound.example',
  ]) {
    const { status, body } = await ask(gateway, host, asked);
    expect([host, status]).toEqual([host, 403]);
    expect(body).toContain('set PUBLIC_ORIGIN');
    expect(body).not.toContain('rebound');
  }
  expect(gateway.takeCalls().partoo).toEqual([]);
});

test('a WebSocket is opened by names of this machine alone', async () => {
  const gateway = await start();
  expect(await open(gateway, 'localhost:4000')).toBe(101);
  expect(await open(gateway, '127.0.0.1:4000')).toBe(101);
  expect(await open(gateway, 'rebound.example:4000')).toBe(403);
});

test('the name of PUBLIC_ORIGIN is answered, whatever port is named with it', async () => {
  const gateway = await start({ PUBLIC_ORIGIN: 'https://gateway.example.com' });
  for (const host of ['gateway.example.com', 'gateway.example.com:8443', 'localhost:4000'])
    expect([host, (await ask(gateway, host, POST)).status]).toEqual([host, 200]);
  for (const host of ['example.com', 'other.gateway.example.com', 'rebound.example'])
    expect([host, (await ask(gateway, host, POST)).status]).toEqual([host, 403]);
  expect(await open(gateway, 'rebound.example')).toBe(403);
});

test('notifications and probes are answered by any name: the former are signed, and come through tunnels', async () => {
  const gateway = await start();
  const forged = await ask(gateway, 'tunnel.example', { method: 'POST', path: '/webhooks/cronofy', body: '{}' });
  expect(forged.status).toBe(401);
  for (const path of ['/health', '/ready']) expect((await ask(gateway, 'tunnel.example', { path })).status).toBe(200);
});

test.each<[string, Environment, number]>([
  ['tokens are asked for', { AUTH_JWT_SECRET: SECRET }, 401],
  ['other machines reach it', { HOST: '0.0.0.0', AUTH: 'off' }, 200],
])('every name is answered where %s', async (_, environment, status) => {
  const gateway = await start(environment);
  expect((await ask(gateway, 'gateway.example.com', POST)).status).toBe(status);
  expect(await open(gateway, 'gateway.example.com')).toBe(101);
});

test('a name is compared whole, without its port, its case and the dot at its end', () => {
  const isOwn = createHostCheck(['gateway.example.com', '.example.net']);
  for (const host of ['gateway.example.com', 'GATEWAY.example.com.:80', 'a.b.example.net'])
    expect([host, isOwn(host)]).toEqual([host, true]);
  for (const host of ['xgateway.example.com', 'example.net', 'example.net.rebound.example', '1.2.3.4.5', ''])
    expect([host, isOwn(host)]).toEqual([host, host === '']);
});
