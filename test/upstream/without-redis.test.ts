// What processes that share a quota do without Redis, when it is back, and with one that has forgotten what they know.

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ProviderRateLimited } from '../../src/invitation/problem.ts';
import { createRedis } from '../../src/redis/redis.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import type { Quota } from '../../src/upstream/quota.ts';
import { parseQuota } from '../../src/upstream/quota-window.ts';
import { createSharedQuota } from '../../src/upstream/redis-quota.ts';
import { most, take, takeAll, useProcesses } from './two-processes.ts';

const { server, untilUp, startProcesses } = useProcesses();

test('a Redis that was emptied grants no call beyond the limit', async () => {
  const { a } = await startProcesses('10/60s');
  expect(await takeAll(a)).toBe(10);
  await server().command('FLUSHALL');
  expect(await takeAll(a)).toBe(0);
  expect(await a.takeSpare(BACKGROUND)).toBeGreaterThan(50_000);
});

describe('a gate', () => {
  test('that was closed while Redis was down is closed when Redis is back', async () => {
    const { a } = await startProcesses('1000/1s');
    await server().kill();
    await untilUp(false);
    a.close(60_000);
    expect(await a.takeSpare(BACKGROUND)).toBeGreaterThan(50_000);
    await server().restart();
    await untilUp(true);
    await expect(take(a)).rejects.toBeInstanceOf(ProviderRateLimited);
  });
});

describe('without Redis', () => {
  test('each process makes its share of the calls, evenly spread, from the first one on', async () => {
    const { a, b } = await startProcesses('12/1.2s', 3);
    await server().kill();
    await untilUp(false);
    const times: number[] = [];
    for (let n = 0; n < 5; n++) {
      await take(a, 5_000);
      times.push(performance.now());
    }
    const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(295);
    await take(b, 100);
  });

  test('a process that has never reached Redis makes its share of the calls, too', async () => {
    await server().kill();
    const redis = createRedis(server().url, () => undefined);
    onTestFinished(() => redis.close());
    const windows = parseQuota('8/0.8s') ?? [];
    const quota = await createSharedQuota('PARTOO', windows, redis, { accountId: 'never', processes: 4 });
    expect(quota.status()).toMatchObject({ limit: 2, remaining: 2 });
    const from = performance.now();
    for (let n = 0; n < 3; n++) await take(quota, 5_000);
    expect(performance.now() - from).toBeGreaterThan(790);
  });

  test('what the other processes had used before counts', async () => {
    const { a, b } = await startProcesses('20/10s');
    expect(await takeAll(a)).toBe(20);
    await server().kill();
    await untilUp(false);
    expect(await takeAll(b)).toBe(0);
    const error = await take(b, 8_000).catch((error: unknown) => error);
    expect(error).toMatchObject({ retryAfterSeconds: 10 });
  });

  test('callers who waited for Redis wait for the share', async () => {
    const { a, b } = await startProcesses('2/1s');
    for (const quota of [a, b]) await take(quota);
    const times: number[] = [];
    const callers = [a, b, a, b].map((quota) => take(quota, 8_000).then(() => times.push(performance.now())));
    await server().kill();
    await Promise.all(callers);
    expect(most(times, 900)).toBe(2);
  });

  test('calls that were made without Redis count when it is back, in whatever order the processes come back', async () => {
    const { a, b } = await startProcesses('4/2s');
    await server().kill();
    await untilUp(false);
    const times: number[] = [];
    const call = async (quota: Quota) => {
      const until = performance.now() + 9_000;
      while (performance.now() < until) await take(quota, 8_000).then(() => times.push(performance.now()));
    };
    const calling = Promise.all([call(a), call(b)]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await server().restart();
    await calling;
    expect(most(times, 1_900)).toBe(4);
    // Both shares while it was away, and nearly all when it was back.
    expect(times.length).toBeGreaterThan(12);
  }, 20_000);

  test('processes share the quota again when Redis is back', async () => {
    const { a, b } = await startProcesses('10/1s');
    await server().kill();
    await untilUp(false);
    await server().restart();
    await untilUp(true);
    // Each try uses what there is, so that there is all of it again a second later.
    await vi.waitUntil(async () => (await takeAll(a)) === 10, { timeout: 15_000, interval: 1_100 });
    expect(await takeAll(b)).toBe(0);
  });
});

test('a Redis that knows less than the processes is told what it does not know', async () => {
  const { a, b } = await startProcesses('6/4s');
  for (let n = 0; n < 3; n++) await take(a);
  await server().command('FLUSHALL');
  expect(await takeAll(b)).toBe(3);
  expect(await takeAll(a)).toBe(0);
});
