// Two processes that share the quota of an account, on a real Redis and real clocks, and callers who take its calls.

import { afterAll, afterEach, beforeAll, expect, onTestFinished, vi } from 'vitest';
import { ProviderRateLimited } from '../../src/invitation/problem.ts';
import { createRedis, type SharedRedis } from '../../src/redis/redis.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import type { Quota } from '../../src/upstream/quota.ts';
import { parseQuota } from '../../src/upstream/quota-window.ts';
import { createSharedQuota } from '../../src/upstream/redis-quota.ts';
import { type RedisServer, startRedisServer } from '../redis/server.ts';

/** For all tests of a file: a Redis server, which is there again when the next test begins. */
export function useProcesses() {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    if (await server.command('PING').catch(() => undefined)) return;
    await server.restart();
  });

  const connections: SharedRedis[] = [];
  let accounts = 0;

  /** Until both can use Redis, or neither can. */
  const untilUp = (isUp: boolean) => vi.waitUntil(() => connections.every((redis) => redis.isUp() === isUp), 5_000);

  /** One account's quota, as each of two processes has it. */
  async function startProcesses(text: string, processes = 2, accountId = `account-${accounts++}`) {
    const windows = parseQuota(text);
    if (windows === undefined) throw new Error(`${text} is no quota`);
    const redises = [1, 2].map(() => {
      const redis = createRedis(server.url, () => undefined);
      connections.push(redis);
      onTestFinished(() => {
        connections.splice(connections.indexOf(redis), 1);
        redis.close();
      });
      return redis;
    });
    await untilUp(true);
    const [a, b] = await Promise.all(
      redises.map((redis) => createSharedQuota('PARTOO', windows, redis, { accountId, processes })),
    );
    if (a === undefined || b === undefined) throw new Error('there are two');
    return { a, b };
  }

  return { server: () => server, untilUp, startProcesses };
}

let callers = 0;

/** Takes a call for a caller that has none yet. */
export function take(quota: Quota, patienceMs = 0, cancellation = new Cancellation()): Promise<number> {
  callers += 1;
  return quota.take({ how: 'caller', caller: `caller-${callers}` }, patienceMs, cancellation);
}

/** How many calls a caller gets who waits for none. */
export async function takeAll(quota: Quota): Promise<number> {
  for (let taken = 0; ; taken++) {
    const error = await take(quota).catch((error: unknown) => error);
    if (typeof error === 'number') continue;
    expect(error).toBeInstanceOf(ProviderRateLimited);
    return taken;
  }
}

export async function takeAllInBackground(quota: Quota): Promise<number> {
  let taken = 0;
  while ((await quota.takeSpare(BACKGROUND)) === 0) taken += 1;
  return taken;
}

/** Most of `times` that lie in one stretch of `lengthMs`. */
export function most(times: readonly number[], lengthMs: number): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + lengthMs).length));
}
