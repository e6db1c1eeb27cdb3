// Upgrades that are not to be: refused, and harmless however the caller behaves.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.stop());

async function upgrade(path: string, more: string, protocol = 'websocket'): Promise<Socket> {
  const { hostname, port } = new URL(gateway.origin);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  await once(socket, 'connect');
  const key = 'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  socket.write(
    `GET ${path} HTTP/1.1\r\nhost: gateway\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n${key}${more}\r\n`,
  );
  return socket;
}

const isAlive = async () => (await fetch(`${gateway.origin}/health`)).status === 200;

const REFUSED: [string, string, string][] = [
  ['of another path', '/elsewhere', ''],
  ['by a page of another origin', '/graphql', 'origin: https://elsewhere.example\r\n'],
];

const NO_HANDSHAKES: [string, string, string][] = [
  ['of a version that nobody has', '/graphql', 'sec-websocket-version: 7\r\n'],
  ['that brings its key twice', '/graphql', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'],
  ['whose protocols are none', '/graphql', 'sec-websocket-protocol: ,\r\n'],
];

test.each([...REFUSED, ...NO_HANDSHAKES])(
  'an upgrade %s is answered as every request is, with what keeps caches and guesses away',
  async (_, path, more) => {
    const socket = await upgrade(path, `${more}x-request-id: a-request\r\n`);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 40[03] /);
    const headers = head.toLowerCase().split('\r\n').slice(1);
    expect(headers).toEqual(
      expect.arrayContaining([
        'cache-control: no-store',
        'x-content-type-options: nosniff',
        'x-request-id: a-request',
        'content-type: application/json; charset=utf-8',
        `content-length: ${Buffer.byteLength(body)}`,
        'connection: close',
      ]),
    );
    const extensions = { code: 'BAD_USER_INPUT', retryable: false };
    expect(JSON.parse(body)).toEqual({ errors: [{ message: expect.any(String), extensions }] });
  },
);

test.each(REFUSED)('an upgrade %s is refused, and its open socket does not delay the end', async (_, path, more) => {
  const socket = await upgrade(path, more);
  expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 403 /);
  await gateway.stop();
  socket.destroy();
});

test.each(REFUSED)('an upgrade %s that is cut off at once leaves the gateway alive', async (_, path, more) => {
  for (let n = 0; n < 20; n++) {
    const socket = await upgrade(path, more);
    socket.write('more bytes than anybody reads');
    socket.resetAndDestroy();
  }
  expect(await isAlive()).toBe(true);
});

test('an offer to upgrade to another protocol is ignored', async () => {
  const socket = await upgrade('/health', '', 'h2c');
  expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 200 /);
  socket.destroy();
});

test.each(['', 'sec-websocket-protocol: graphql-ws\r\n'])(
  'a WebSocket that does not speak the protocol (%j) is closed, and the gateway goes on',
  async (more) => {
    const socket = await upgrade('/graphql', more);
    const received = text(socket);
    await vi.waitUntil(() => socket.bytesRead > 0);
    socket.end();
    expect(await received).toContain('Subprotocol not acceptable');
    expect(await isAlive()).toBe(true);
    expect(gateway.log).toEqual([]);
  },
);

test('a refused upgrade behind a request that is not answered yet is cut off, and the gateway goes on', async () => {
  const { hostname, port } = new URL(gateway.origin);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const body = JSON.stringify({ query: '{ reviewInvitation(invitationId: "review-sent") { status } }' });
  const head = `host: gateway\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`;
  const refused = 'GET /x HTTP/1.1\r\nhost: gateway\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
  socket.write(`POST /graphql HTTP/1.1\r\n${head}\r\n\r\n${body}${refused}`);
  await once(socket, 'close');
  expect(await isAlive()).toBe(true);
  expect(gateway.log).toEqual([]);
});
