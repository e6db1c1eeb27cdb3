// A real cluster of the test's own, made of redis-server processes: three primaries that share the slots, and as many
// replicas of the first ones as are asked for.

import { vi } from 'vitest';
import { freePort } from '../free-port.ts';
import { type RedisServer, startRedisServer } from './server.ts';

const PRIMARIES = 3;
const SLOTS = 16_384;

export interface RedisCluster {
  readonly url: string;
  /** The primaries, then the replicas. */
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

export async function startCluster(replicas = 0): Promise<RedisCluster> {
  const servers = await Promise.all(
    Array.from({ length: PRIMARIES + replicas }, async () =>
      startRedisServer([
        'cluster-enabled yes',
        `cluster-port ${await freePort()}`,
        'cluster-node-timeout 500',
        'cluster-replica-validity-factor 0',
        'repl-diskless-sync-delay 0',
      ]),
    ),
  );
  const [first, ...others] = servers;
  if (first === undefined) throw new Error('there are three');
  for (const [n, server] of servers.slice(0, PRIMARIES).entries()) {
    const [from, to] = [n, n + 1].map((part) => Math.floor((part * SLOTS) / PRIMARIES));
    await server.command('CLUSTER', 'ADDSLOTSRANGE', from ?? 0, (to ?? 0) - 1);
  }
  for (const { port, command } of others) {
    const [, bus] = (await command('CONFIG', 'GET', 'cluster-port')) as string[];
    await first.command('CLUSTER', 'MEET', '127.0.0.1', port, bus ?? '');
  }
  const isJoined = async ({ command }: RedisServer) => {
    const info = String(await command('CLUSTER', 'INFO'));
    return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${servers.length}`);
  };
  await vi.waitUntil(async () => (await Promise.all(servers.map(isJoined))).every(Boolean), { timeout: 20_000 });
  for (const [n, replica] of servers.slice(PRIMARIES).entries()) {
    await replica.command('CLUSTER', 'REPLICATE', String(await servers[n]?.command('CLUSTER', 'MYID')));
    await vi.waitUntil(
      async () => String(await replica.command('INFO', 'replication')).includes('master_link_status:up'),
      { timeout: 20_000 },
    );
  }
  return {
    url: `redis://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}
