// What a connection must not be used for: the answer that came unasked, and the certificate that is over.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createSecureServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { createQuota } from '../../src/upstream/quota.ts';
import type { Trouble } from '../../src/upstream/troubles.ts';
import { createAuthority, trust } from '../certificates.ts';
import { openAccount } from './account.ts';

const GOOD = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';

async function portOf(server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await once(server.close(), 'close');
  });
  return (server.address() as AddressInfo).port;
}

test.each(['and closes', 'and leaves it open'])(
  'a 408 of a server that has waited too long for a request %s is not taken for its answer',
  // A process that stands still for long makes its call on another connection.
  { retry: 2 },
  async (then) => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => {}).on('data', () => socket.write(GOOD));
      if (connections > 1) return;
      const late = 'HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n';
      setTimeout(() => (then === 'and closes' ? socket.end(late) : socket.write(late)), 50);
    });
    const origin = `http://127.0.0.1:${await portOf(server)}`;
    const quota = createQuota('PARTOO', [{ limit: 1, windowMs: 400 }]);
    const troubles: Trouble[] = [];
    const listener = { troubleBegan: (_: string, trouble: Trouble) => void troubles.push(trouble) };
    const { call } = openAccount({ quota, listener });
    expect(quota.takeNow({ how: 'caller', caller: crypto.randomUUID() })).toBeDefined();
    expect(await call(origin)).toBe('decoded');
    expect([connections, troubles]).toEqual([2, []]);
  },
);

test('a call notices an expired certificate with the next connection, because no TLS session is resumed', async () => {
  const authority = createAuthority();
  trust(authority);
  let isResumed = false;
  const server = createSecureServer({ ...authority.issue(), ticketKeys: Buffer.alloc(48, 'x') }, (socket) => {
    isResumed ||= socket.isSessionReused();
    socket.on('error', () => {}).on('data', () => socket.end(GOOD.replace('200 OK', '200 OK\r\nconnection: close')));
  });
  const origin = `https://127.0.0.1:${await portOf(server)}`;
  const troubles: Trouble[] = [];
  const { call } = openAccount({ listener: { troubleBegan: (_, trouble) => void troubles.push(trouble) } });
  for (let n = 0; n < 3; n++) {
    expect(await call(origin)).toBe('decoded');
    await sleep(20);
  }
  server.setSecureContext({ ...authority.issue({ isOver: true }), ticketKeys: Buffer.alloc(48, 'x') });
  expect(await call(origin)).toBe('PROVIDER_UNAVAILABLE');
  expect([isResumed, troubles]).toEqual([false, [{ kind: 'certificate', detail: 'CERT_HAS_EXPIRED' }]]);
});
