// An account's quota while its settings change.

import { expect, onTestFinished, test, vi } from 'vitest';
import { createQuotas } from '../../src/gateway/quotas.ts';
import type { Account } from '../../src/providers/provider.ts';
import { createRedis, type SharedRedis } from '../../src/redis/redis.ts';
import { readSettings } from '../../src/settings.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import type { Quota } from '../../src/upstream/quota.ts';
import { parseQuota } from '../../src/upstream/quota-window.ts';
import { startRedisServer } from '../redis/server.ts';

const settings = { processes: 1, fairReserve: 0.1 };
const [partoo] = readSettings({ PARTOO_API_KEY: 'key' }).accounts;
let callers = 0;

function accountWith(quota: string): Account {
  if (partoo === undefined) throw new Error('there is an account');
  return { ...partoo, quota: parseQuota(quota) ?? [] };
}

/** A newcomer's call, for which it waits no longer than that. */
function take(quota: Quota, patienceMs = 0): Promise<boolean> {
  callers += 1;
  return quota.take({ how: 'caller', caller: `caller-${callers}` }, patienceMs, new Cancellation()).then(
    () => true,
    () => false,
  );
}

/** How many calls may still be made. */
async function takeAll(quota: Quota): Promise<number> {
  let taken = 0;
  while (await take(quota)) taken += 1;
  return taken;
}

async function startRedis(): Promise<SharedRedis> {
  const server = await startRedisServer();
  const client = createRedis(server.url, () => undefined);
  onTestFinished(async () => {
    client.close();
    await server.stop();
  });
  await vi.waitUntil(() => client.isUp());
  return client;
}

const NO_REDIS = async (): Promise<undefined> => undefined;
const KINDS = [
  ['one process', NO_REDIS],
  ['processes with Redis', startRedis],
] as const;

test.each(KINDS)('of %s that is set anew has in its books what was called before', async (_, redisOf) => {
  const quotas = createQuotas(settings, await redisOf());
  const quota = await quotas.of(accountWith('10/60s'));
  for (let n = 0; n < 6; n++) expect(await take(quota)).toBe(true);

  expect((await quotas.of(accountWith('8/60s'))).status()).toMatchObject({ limit: 8, remaining: 2 });
  expect((await quotas.of(accountWith('4/60s'))).status()).toMatchObject({ limit: 4, remaining: 0 });
  expect(await takeAll(await quotas.of(accountWith('4/60s')))).toBe(0);
  expect(await takeAll(await quotas.of(accountWith('50/1s,9/50s')))).toBe(3);
  // Also where a longer window comes after a shorter one, for as long as the shorter one lasted.
  expect(await takeAll(await quotas.of(accountWith('12/70s')))).toBe(3);
});

test.each(KINDS)('of %s that is set anew is so for calls in flight as well', async (_, redisOf) => {
  const quotas = createQuotas(settings, await redisOf());
  const before = await quotas.of(accountWith('2/5s'));
  expect(await takeAll(before)).toBe(2);
  const waiting = take(before, 6_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const setAnewAt = performance.now();
  const after = await quotas.of(accountWith('5/5s'));
  expect(await waiting).toBe(true);
  expect(performance.now() - setAnewAt).toBeLessThan(3_000);
  expect(await take(before)).toBe(true);
  expect(await takeAll(after)).toBe(1);
  expect(await take(before)).toBe(false);
});

test('that could not be made is made when it is next asked for', async () => {
  const redis = await startRedis();
  const listen = vi.spyOn(redis, 'listen').mockRejectedValueOnce(new Error('not now'));
  const quotas = createQuotas(settings, redis);
  await expect(quotas.of(accountWith('3/60s'))).rejects.toThrow('not now');
  expect(await takeAll(await quotas.of(accountWith('3/60s')))).toBe(3);
  expect(listen).toHaveBeenCalledTimes(2);
});
