// A real primary with a replica, and a Sentinel that watches them and makes the replica the primary when that is lost.

import { vi } from 'vitest';
import { type RedisServer, startRedisServer } from './server.ts';

/** What the Sentinel calls the primary. */
export const PRIMARY = 'main';

export interface WatchedRedis {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: RedisServer;
  stop(): Promise<void>;
}

export async function startWatchedRedis(): Promise<WatchedRedis> {
  const primary = await startRedisServer();
  const replica = await startRedisServer([`replicaof 127.0.0.1 ${primary.port}`]);
  const settings = [
    `sentinel monitor ${PRIMARY} 127.0.0.1 ${primary.port} 1`,
    `sentinel down-after-milliseconds ${PRIMARY} 300`,
    `sentinel failover-timeout ${PRIMARY} 3000`,
  ];
  const sentinel = await startRedisServer(settings, true);
  await vi.waitUntil(
    async () => {
      const [known = []] = (await sentinel.command('SENTINEL', 'REPLICAS', PRIMARY)) as string[][];
      return known[known.indexOf('master-link-status') + 1] === 'ok';
    },
    { timeout: 20_000 },
  );
  return {
    primary,
    replica,
    sentinel,
    stop: async () => void (await Promise.all([sentinel, replica, primary].map((server) => server.stop()))),
  };
}
