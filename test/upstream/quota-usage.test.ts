// What an operator is told of a quota: how much of each window is used, and by whom.

import { expect, onTestFinished, test, vi } from 'vitest';
import { createRedis } from '../../src/redis/redis.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { createQuota, type Quota } from '../../src/upstream/quota.ts';
import { createSharedQuota } from '../../src/upstream/redis-quota.ts';
import { startRedisServer } from '../redis/server.ts';
import { take } from './takers.ts';

const WINDOWS = [
  { limit: 10, windowMs: 1_000 },
  { limit: 20, windowMs: 600_000 },
];

async function spend(quota: Quota): Promise<void> {
  for (const caller of ['one', 'two', 'one', 'three', 'one']) await take(quota, caller);
  expect(await quota.takeSpare(BACKGROUND)).toBe(0);
}

test('a quota tells its windows, and the callers with most calls of the longest', async () => {
  let at = 0;
  const quota = createQuota('PARTOO', WINDOWS, { now: () => at });
  await spend(quota);
  at = 2_000;
  quota.close(5_000);
  const waiting = new Cancellation();
  const refused = quota.take({ how: 'caller', caller: 'four' }, 8_000, waiting).catch(() => undefined);
  expect(quota.usage(2)).toEqual({
    windows: [
      { limit: 10, windowMs: 1_000, used: 0 },
      { limit: 20, windowMs: 600_000, used: 6 },
    ],
    takers: [
      ['one', 3],
      ['two', 1],
    ],
    background: 1,
    callers: 4,
    closedMs: 5_000,
    isAlone: false,
  });
  expect(quota.inLine).toBe(1);
  waiting.cancel(new Error('it has gone'));
  await refused;
  expect(quota.usage(9).takers).toContainEqual(['', 1]);
  expect(quota.inLine).toBe(0);
});

test('a shared quota names the callers of its own process, and tells where it has only its part', async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const open = async () => {
    const redis = createRedis(server.url, () => undefined);
    onTestFinished(() => redis.close());
    await vi.waitUntil(() => redis.isUp(), 5_000);
    const quota = await createSharedQuota('PARTOO', WINDOWS, redis, { accountId: 'a', processes: 2 });
    return { redis, quota };
  };
  const [here, there] = [await open(), await open()];
  await spend(here.quota);
  expect(here.quota.usage(1)).toMatchObject({ takers: [['one', 3]], callers: 4, isAlone: false });
  await vi.waitUntil(() => there.quota.usage(9).windows[1]?.used === 6, 5_000);
  const [first] = there.quota.usage(1).takers;
  expect(first).toEqual([expect.stringMatching(/^[\w-]{12}$/), 3]);
  await server.kill();
  await vi.waitUntil(() => !here.redis.isUp(), 5_000);
  // It notices when it would ask Redis.
  await take(here.quota, 'one').catch(() => undefined);
  await vi.waitUntil(() => here.quota.usage(1).isAlone, 5_000);
  expect(here.quota.usage(1).windows[1]?.limit).toBe(10);
});
