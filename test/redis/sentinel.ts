// A real primary with a replica, and two Sentinels that watch them and make the replica the primary when that is lost.

import { vi } from 'vitest';
import { type RedisServer, startRedisServer } from './server.ts';

/** What the Sentinels call the primary. */
export const PRIMARY = 'main';

export interface WatchedRedis {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly [RedisServer, RedisServer];
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
  const sentinels = [await startRedisServer(settings, true), await startRedisServer(settings, true)] as const;
  await vi.waitUntil(
    async () => {
      const known = await Promise.all(sentinels.map(({ command }) => command('SENTINEL', 'MASTER', PRIMARY)));
      const counts = await Promise.all(sentinels.map(({ command }) => command('SENTINEL', 'REPLICAS', PRIMARY)));
      return (
        known.every((state) => fieldOf(state, 'num-other-sentinels') === '1') &&
        counts.every((replicas) => fieldOf((replicas as unknown[])[0], 'master-link-status') === 'ok')
      );
    },
    { timeout: 50_000 },
  );
  return {
    primary,
    replica,
    sentinels,
    stop: async () => void (await Promise.all([...sentinels, replica, primary].map((server) => server.stop()))),
  };
}

function fieldOf(pairs: unknown, name: string): string | undefined {
  const texts = Array.isArray(pairs) ? (pairs as string[]) : [];
  return texts[texts.indexOf(name) + 1];
}
