// What processes that share a quota do without Redis, when it is back, and with one that has forgotten what they know.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ProviderRateLimited } from '../../src/invitation/problem.ts';
import { createRedis } from '../../src/redis/redis.ts';
import { CallLog } from '../../src/upstream/call-log.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { KnownCalls } from '../../src/upstream/known-calls.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import type { Quota } from '../../src/upstream/quota.ts';
import { parseQuota } from '../../src/upstream/quota-window.ts';
import { createSharedQuota } from '../../src/upstream/redis-quota.ts';
import { Shares } from '../../src/upstream/shares.ts';
import { most, take, takeAll, useProcesses } from './two-processes.ts';

const { server, untilUp, startProcesses } = useProcesses();

test('a Redis that was emptied grants no call beyond the limit', async () => {
  const { a } = await startProcesses('10/60s');
  expect(await takeAll(a)).toBe(10);
  await server().command('FLUSHALL');
  expect(await takeAll(a)).toBe(0);
  expect(await a.takeSpare(BACKGROUND)).toBeGreaterThan(50_000);
});

describe('a call that leaves later than it was paid for counts from when it leaves', () => {
  const caller = { how: 'caller', caller: 'one' } as const;
  const cancellation = new Cancellation();

  /** One call of two, moved by a second; Redis is emptied, and told when it was paid for. */
  async function moveOne(a: Quota, accountId: string): Promise<string> {
    const paidAt = await a.take(caller, 0, cancellation);
    const key = `gateway:{${accountId}}:calls`;
    const [name = '', score = ''] = (await server().command('ZRANGE', key, '0', '-1', 'WITHSCORES')) as string[];
    await take(a);
    await sleep(1_000);
    expect(await a.take(caller, 0, cancellation, paidAt)).toBeGreaterThan(paidAt + 999);
    await server().command('FLUSHALL');
    await server().command('ZADD', key, score, name);
    return name;
  }

  const ageOf = async (name: string, accountId: string) => {
    const [seconds, microseconds] = (await server().command('TIME')) as string[];
    const score = await server().command('ZSCORE', `gateway:{${accountId}}:calls`, name);
    return Number(seconds) * 1_000 + Number(microseconds) / 1_000 - Number(score);
  };

  test('also where Redis has forgotten it, and another process that has not heard of it tells Redis first', async () => {
    const { a } = await startProcesses('10/60s', 2, 'moved');
    const name = await moveOne(a, 'moved');
    expect(await ageOf(name, 'moved')).toBeGreaterThan(999);
    await take(a);
    expect(await ageOf(name, 'moved')).toBeLessThan(900);
  });

  test('also for a process that has not heard of it until Redis was told again', async () => {
    const log = new CallLog([{ limit: 10, windowMs: 10_000 }]);
    const known = new KnownCalls(log, new Shares(log, 0.1));
    known.record('other:1:c:one', 0);
    known.hear([{ name: 'other:1:c:one', ageMs: 100 }], 5_000);
    expect(known.list(5_000)).toEqual([{ name: 'other:1:c:one', ageMs: 100 }]);
    log.advance(12_000);
    expect(log.used(log.longest)).toBe(1);
    // What two processes say of a call that was not moved differs a little.
    known.hear([{ name: 'other:1:c:one', ageMs: 70 }], 5_000);
    expect(known.list(5_000)).toEqual([{ name: 'other:1:c:one', ageMs: 100 }]);
  });
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

  test('a caller is told when what the other processes had used before leaves the window', async () => {
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
    await vi.waitUntil(async () => (await takeAll(a)) === 10, { interval: 1_100 });
    expect(await takeAll(b)).toBe(0);
  });
});

describe.each([
  ['killed', () => server().kill()],
  ['stopped', async () => server().pause()],
  ['emptied', () => server().command('FLUSHALL')],
] as const)('where Redis was %s', (_, lose) => {
  afterEach(() => server().resume());

  test.each([2, 4])('what one process had used before counts for all, among %i', async (processes) => {
    const { a, b } = await startProcesses('20/2s', processes);
    const times: number[] = [];
    const call = (quota: Quota, patienceMs = 0) => take(quota, patienceMs).then(() => times.push(performance.now()));
    // Each must know how much is left for all, and not only that nothing is.
    for (let n = 0; n < 15; n++) await call(a);
    const lostAt = performance.now();
    await vi.waitUntil(() => b.status().remaining === 5);
    await lose();
    const goOn = async (quota: Quota) => {
      while (performance.now() < lostAt + 2_900) await call(quota, 2_000).catch(() => sleep(20));
    };
    await Promise.all([a, b].flatMap((quota) => [goOn(quota), goOn(quota), goOn(quota)]));
    expect(most(times, 1_800)).toBeLessThanOrEqual(20);
    // They go on when those leave the window.
    expect(times.length).toBeGreaterThan(20);
  });
});

test('a Redis that knows less than the processes is told what it does not know', async () => {
  const { a, b } = await startProcesses('6/4s');
  for (let n = 0; n < 3; n++) await take(a);
  await server().command('FLUSHALL');
  expect(await takeAll(b)).toBe(3);
  expect(await takeAll(a)).toBe(0);
});
