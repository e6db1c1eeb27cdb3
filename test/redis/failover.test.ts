// Two gateways at a Redis that refuses or fails over: the quota holds as it does without Redis or with it, /ready names
// Redis while it cannot be used, and the log says why, once, without an address, a user or a key.

import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { invite, subscribeTo } from '../live/subscriber.ts';
import { type Pair, readReview, reasonsIn, startPair, untilConnected } from './pair.ts';
import { startProxy } from './proxy.ts';
import { type RedisServer, type RedisSettings, startRedisServer } from './server.ts';

const GUEST = 'invite-pending@example.com';

const servers: RedisServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function startServer(...settings: RedisSettings): Promise<RedisServer> {
  const server = await startRedisServer(settings);
  servers.push(server);
  return server;
}

async function start(url: string, environment = {}): Promise<Pair> {
  const pair = await startPair(url, environment);
  onTestFinished(() => pair.stop());
  return pair;
}

const ids = Array.from({ length: 60 }, (_, n) => `review-${n}`);

/** How many of ever new invitations both could read. */
async function readAll(pair: Pair, from: number, to: number): Promise<number> {
  for (const invitation_id of ids) pair.sandbox.partoo.put({ invitation_id, status: 'SENT' });
  const answers: unknown[] = [];
  for (const [n, id] of ids.slice(from, to).entries()) answers.push(await readReview(n % 2 ? pair.a : pair.b, id));
  return answers.filter((answer) => answer !== 'PROVIDER_RATE_LIMITED').length;
}

const degraded = async (pair: Pair) =>
  (await Promise.all([pair.a.ready(), pair.b.ready()])).every((state) => state.degraded.includes('REDIS'));

test('processes follow a failover behind one address, and write to the new primary', async () => {
  const [first, second] = [await startServer(), await startServer()];
  await second.command('REPLICAOF', '127.0.0.1', first.port);
  const proxy = await startProxy(first.port);
  onTestFinished(() => proxy.stop());
  const pair = await start(`redis://127.0.0.1:${proxy.port}`, { PARTOO_QUOTA: '20/600s' });
  await untilConnected(first, [pair.a, pair.b]);
  const stream = subscribeTo(pair.b.origin, [invite('invite-pending')]);
  await stream.first(1);

  proxy.target = second.port;
  await second.command('REPLICAOF', 'NO', 'ONE');
  await first.command('REPLICAOF', '127.0.0.1', second.port);
  await readAll(pair, 0, 2);
  await untilConnected(second, [pair.a, pair.b], 3_000);

  await readAll(pair, 2, 40);
  expect(pair.sandbox.partoo.calls.length).toBeLessThanOrEqual(20);
  expect(await second.command('KEYS', 'gateway:{*}:calls')).toHaveLength(2);
  for (const { log } of [pair.a, pair.b]) expect(reasonsIn(log)).toEqual([undefined, 'read-only', undefined]);
  pair.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });
  await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
});

describe('two processes keep to their shares and report it where Redis refuses', () => {
  test.each<[string, RedisSettings, string, string]>([
    ['scripts', ['user sk_user on >sk_pw ~gateway:* &gateway:* +@all -@scripting'], 'sk_user:sk_pw@', 'no permission'],
    ['channels', ['user sk_user on >sk_pw ~gateway:* resetchannels +@all'], 'sk_user:sk_pw@', 'no permission'],
    ['writes for want of memory', ['maxmemory 1', 'maxmemory-policy noeviction'], '', 'out of memory'],
    ['a single server’s commands, because it is one of a cluster', ['cluster-enabled yes'], '', 'cluster down'],
    ['the password', ['requirepass sk_right'], ':sk_wrong@', 'not authenticated'],
  ])('%s', async (_, settings, credentials, reason) => {
    const server = await startServer(...settings);
    const pair = await start(`redis://${credentials}127.0.0.1:${server.port}`, { PARTOO_QUOTA: '20/600s' });
    await vi.waitUntil(() => [pair.a, pair.b].every(({ log }) => reasonsIn(log).length > 0));
    // Evenly spread over ten minutes, that is one call each for now.
    expect(await readAll(pair, 0, 60)).toBe(2);
    expect(await degraded(pair)).toBe(true);
    for (const { log } of [pair.a, pair.b]) {
      expect(reasonsIn(log)).toEqual([reason]);
      expect(log.join('')).not.toMatch(/sk_|redis:|127\.0\.0\.1/);
    }
  });
});

test('processes are degraded while the user lacks a right that only the quota needs', async () => {
  const server = await startServer();
  const pair = await start(server.url, { PARTOO_QUOTA: '20/600s' });
  await untilConnected(server, [pair.a, pair.b]);
  await server.command('ACL', 'SETUSER', 'default', '-zadd');
  expect(await readAll(pair, 0, 60)).toBe(2);
  expect(await degraded(pair)).toBe(true);
  for (const { log } of [pair.a, pair.b]) expect(reasonsIn(log).slice(0, 2)).toEqual([undefined, 'no permission']);
});
