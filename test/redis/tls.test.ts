// Redis over TLS, with a certificate that a private authority signed: one server, Sentinel and what it watches, a cluster.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { parseRedisUrl } from '../../src/redis/address.ts';
import { createClients } from '../../src/redis/clients.ts';
import { createRedis } from '../../src/redis/redis.ts';
import { freePort } from '../free-port.ts';
import { startPair } from './pair.ts';
import { startRedisServer } from './server.ts';

let folder = '';
const file = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = (name: string) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', name];
  for (const name of ['ca', 'other']) {
    openssl('req', '-x509', ...key(`${name}.key`), '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`);
  }
  openssl('req', ...key('redis.key'), '-out', 'redis.csr', '-subj', '/CN=redis');
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'redis.csr', ...signing, '-out', 'redis.pem');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Settings of one that also listens with TLS. */
const tlsSettings = (port: number) => [
  `tls-port ${port}`,
  `tls-cert-file ${file('redis.pem')}`,
  `tls-key-file ${file('redis.key')}`,
  `tls-ca-cert-file ${file('ca.pem')}`,
  'tls-auth-clients no',
];

async function start(settings: readonly string[] = [], isSentinel = false) {
  const port = await freePort();
  const server = await startRedisServer([...tlsSettings(port), ...settings], isSentinel);
  onTestFinished(server.stop);
  return { ...server, tlsPort: port };
}

function connect(url: string, ca: string) {
  const told: (string | undefined)[] = [];
  const redis = createRedis(url, (reason) => void told.push(reason), readFileSync(file(ca), 'utf8'));
  onTestFinished(() => redis.close());
  return { redis, told };
}

async function expectHeard(url: string): Promise<void> {
  const { redis } = connect(url, 'ca.pem');
  await vi.waitUntil(() => redis.isUp());
  const onMessage = vi.fn();
  await redis.listen('gateway:test:channel', onMessage, () => undefined);
  redis.tell((client) => client.publish('gateway:test:channel', 'news'));
  await vi.waitUntil(() => onMessage.mock.calls.length > 0);
}

test('a process exchanges messages with one server over TLS', async () => {
  const { tlsPort } = await start();
  await expectHeard(`rediss://127.0.0.1:${tlsPort}`);
});

test('a process exchanges messages with a cluster over TLS', async () => {
  const { tlsPort, command } = await start([
    'cluster-enabled yes',
    `cluster-port ${await freePort()}`,
    'tls-cluster yes',
    'cluster-announce-ip 127.0.0.1',
  ]);
  await command('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await expectHeard(`rediss+cluster://127.0.0.1:${tlsPort}`);
});

test('a process exchanges messages with a primary behind Sentinel over TLS', async () => {
  const { tlsPort } = await start();
  const sentinel = await start([`sentinel monitor main 127.0.0.1 ${tlsPort} 1`, 'tls-replication yes'], true);
  await expectHeard(`rediss+sentinel://127.0.0.1:${sentinel.tlsPort}/main`);
});

test.each([
  ['signed by another authority', 'other.pem', '127.0.0.1', /SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/],
  ['of another host', 'ca.pem', 'localhost', /ALTNAME/],
])('a certificate that is %s is refused, and the reason is reported', async (_, ca, host, reason) => {
  const { tlsPort } = await start();
  const { redis, told } = connect(`rediss://${host}:${tlsPort}`, ca);
  await vi.waitUntil(() => told.length > 0);
  expect(told[0]).toMatch(reason);
  expect(redis.isUp()).toBe(false);
});

test('a gateway takes the authority from REDIS_CA_FILE', async () => {
  const { tlsPort } = await start();
  const pair = await startPair(`rediss://127.0.0.1:${tlsPort}`, { REDIS_CA_FILE: file('ca.pem') });
  onTestFinished(() => pair.stop());
  await vi.waitUntil(async () => (await pair.a.ready()).status === 'ready');
});

test.each([
  ['one server', (port: number) => `rediss://127.0.0.1:${port}`],
  ['a cluster', (port: number) => `rediss://127.0.0.1:${port},127.0.0.1:${port}`],
])('a second error of a connection that was refused ends nothing: %s', async (_, urlOf) => {
  const address = parseRedisUrl(urlOf(await freePort()));
  if (address === undefined) throw new Error('it is no address');
  const clients = createClients(address, { ca: undefined, retryDelayMs: () => 20, onMoved: () => undefined });
  onTestFinished(clients.close);
  const { commands, subscriber } = clients;
  commands.on('error', () => undefined);
  for (let n = 0; n < 3; n++) {
    const [error] = await once(subscriber, 'error');
    expect(error).toBeInstanceOf(Error);
    expect(() => subscriber.stream.emit('error', new Error('tlsv1 alert decode error'))).not.toThrow();
  }
  expect(subscriber.stream.listenerCount('error')).toBeLessThanOrEqual(2);
});
