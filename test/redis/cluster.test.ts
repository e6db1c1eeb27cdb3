// A real cluster: to two gateways it is one Redis, and goes on being one when a server is lost and its replica takes over.

import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { createRedis } from '../../src/redis/redis.ts';
import { KEYS } from '../../src/redis/trial.ts';
import { invite, subscribeTo } from '../live/subscriber.ts';
import { type RedisCluster, startCluster } from './cluster.ts';
import { readReview, startPair } from './pair.ts';
import { startRedisServer } from './server.ts';

const GUEST = 'invite-pending@example.com';

/** By then a server that has taken over is used. Two seconds are promised; this machine may be busy. */
const FOLLOWED_MS = 5_000;

let cluster: RedisCluster | undefined;
afterEach(() => cluster?.stop());

async function start(replicas = 0): Promise<RedisCluster> {
  cluster = await startCluster(replicas);
  return cluster;
}

async function connect(url: string) {
  const told: (string | undefined)[] = [];
  const redis = createRedis(url, (reason) => void told.push(reason));
  onTestFinished(() => redis.close());
  await vi.waitUntil(() => redis.isUp());
  return { redis, told };
}

async function startGateways(url: string) {
  const pair = await startPair(url, { PARTOO_QUOTA: '40/600s' });
  onTestFinished(() => pair.stop());
  await vi.waitUntil(async () => (await Promise.all([pair.a.ready(), pair.b.ready()])).every(isReady), 10_000);
  return pair;
}

const isReady = ({ status }: { status: string }) => status === 'ready';

test('two gateways share the quota, what was read, and notifications', async () => {
  const { url } = await start();
  const pair = await startGateways(url);
  const ids = Array.from({ length: 40 }, (_, n) => `review-${n}`);
  for (const invitation_id of ids) pair.sandbox.partoo.put({ invitation_id, status: 'SENT' });
  const stream = subscribeTo(pair.b.origin, [invite('invite-pending')]);
  await stream.first(1);
  pair.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });
  await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
  // The burst of one caller.
  for (const id of ids.slice(0, 16)) expect(await readReview(pair.a, id)).toMatchObject({ status: 'PENDING' });
  expect(pair.sandbox.partoo.calls).toHaveLength(16);
  for (const id of ids.slice(0, 16)) expect(await readReview(pair.b, id)).toMatchObject({ status: 'PENDING' });
  expect(pair.sandbox.partoo.calls).toHaveLength(16);
  // What goes beyond it is spread evenly, whichever process is asked.
  expect(await readReview(pair.b, ids[16] ?? '')).toMatchObject({ status: 'PENDING' });
  expect(await readReview(pair.b, ids[17] ?? '')).toBe('PROVIDER_RATE_LIMITED');
  expect(await readReview(pair.a, ids[18] ?? '')).toBe('PROVIDER_RATE_LIMITED');
});

test('a cluster is found by the address of one of its servers', async () => {
  const { servers } = await start();
  await connect(`redis+cluster://127.0.0.1:${servers[1]?.port}`);
});

test('a server of a cluster is refused where the URL lacks +cluster, and the reason is reported', async () => {
  const { servers } = await start();
  const told: (string | undefined)[] = [];
  const redis = createRedis(servers[0]?.url ?? '', (reason) => void told.push(reason));
  onTestFinished(() => redis.close());
  await vi.waitUntil(() => told.length > 0);
  expect(told).toEqual(['other slot: it is a cluster']);
});

test('the replica of a lost server takes over, and every channel gets messages again', async () => {
  const { url, servers } = await start(1);
  const { redis, told } = await connect(url);
  const messages: string[] = [];
  const onMissed = vi.fn();
  await redis.listen('gateway:test:channel', (message) => void messages.push(message), onMissed);
  // The one that the messages come from, and one that a replica stands in for.
  const counts = await Promise.all(
    servers.map(async ({ command }) => (await command('PUBSUB', 'NUMSUB', 'gateway:test:channel')) as unknown[]),
  );
  const subscribedAt = counts.findIndex(([, count]) => count === 1);
  expect(subscribedAt).toBeGreaterThanOrEqual(0);

  await servers[0]?.kill();
  await vi.waitUntil(() => told.includes('no answer') || told.includes('cluster down'));
  await vi.waitUntil(async () => String(await servers[3]?.command('INFO', 'replication')).includes('role:master'));
  const promotedAt = performance.now();
  await vi.waitUntil(() => redis.isUp(), { interval: 10 });
  expect(performance.now() - promotedAt).toBeLessThan(FOLLOWED_MS);
  expect(onMissed.mock.calls.length).toBe(subscribedAt === 0 ? 1 : 0);
  await servers[1]?.command('PUBLISH', 'gateway:test:channel', 'news');
  await vi.waitUntil(() => messages.includes('news'));
}, 60_000);

test('messages come from another server when their server is lost, and missed messages are reported', async () => {
  const { url, servers } = await start(3);
  const { redis } = await connect(url);
  const messages: string[] = [];
  const onMissed = vi.fn();
  await redis.listen('gateway:test:channel', (message) => void messages.push(message), onMissed);
  const counts = await Promise.all(
    servers.map(async ({ command }) => (await command('PUBSUB', 'NUMSUB', 'gateway:test:channel')) as unknown[]),
  );
  const at = counts.findIndex(([, count]) => count === 1);
  await servers[at]?.kill();
  await vi.waitUntil(() => onMissed.mock.calls.length > 0, { timeout: 2_000 });
  await servers[(at + 1) % servers.length]?.command('PUBLISH', 'gateway:test:channel', 'news');
  await vi.waitUntil(() => messages.includes('news'));
}, 60_000);

test('the keys of a trial lie in every sixteenth of the slots', async () => {
  const server = await startRedisServer(['cluster-enabled yes']);
  onTestFinished(() => server.stop());
  const slots = await Promise.all(KEYS.map((key) => server.command('CLUSTER', 'KEYSLOT', key)));
  expect(slots.map((slot) => Math.floor(Number(slot) / 1_024))).toEqual(KEYS.map((_, n) => n));
});
