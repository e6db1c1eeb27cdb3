// The clock that processes share: Redis', against a real one, and against one whose answers are late or contradict each
// other.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSharedClock } from '../../src/redis/clock.ts';
import { createRedis } from '../../src/redis/redis.ts';
import { type RedisServer, startRedisServer } from './server.ts';

const now = () => performance.now();

describe('the clock of a real Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  test('is the clock of its machine', async () => {
    const redis = createRedis(server.url, () => {});
    try {
      const clock = createSharedClock(redis, now);
      const offset = await vi.waitUntil(() => clock.offset(), { interval: 10 });
      expect(Math.abs(now() + offset - Date.now())).toBeLessThan(1_000);
      expect(await clock.offset()).toBe(offset);
    } finally {
      redis.close();
    }
  });
});

describe('the clock of a simulated Redis', () => {
  function start() {
    let at = 1_000;
    let recovered = () => {};
    /** What Redis' clock is ahead of ours, and how long its answer takes; undefined where it does not answer. */
    const server = { ahead: 50_000 as number | undefined, takesMs: 2 };
    const asks = vi.fn();
    const clock = createSharedClock(
      {
        async ask<T>() {
          asks();
          if (server.ahead === undefined) return undefined;
          const time = Math.floor(at + server.takesMs / 2 + server.ahead);
          at += server.takesMs;
          return time as T;
        },
        onRecovered: (listener) => {
          recovered = listener;
          return () => {};
        },
      },
      () => at,
    );
    return {
      server,
      asks,
      clock,
      pass: (ms: number) => {
        at += ms;
      },
      recover: () => recovered(),
    };
  }

  test('keeps its first measured offset while no other measurement contradicts it', async () => {
    const { server, asks, clock, pass } = start();
    const first = await clock.offset();
    expect(first).toBeCloseTo(50_000, -1);
    for (const takesMs of [9, 4, 30]) {
      server.takesMs = takesMs;
      pass(11_000);
      await clock.offset();
      expect(await clock.offset()).toBe(first);
    }
    expect(asks).toHaveBeenCalledTimes(4);
  });

  test('takes the offset of a measurement that contradicts the first one', async () => {
    const { server, clock, pass } = start();
    server.takesMs = 40;
    await clock.offset();
    server.takesMs = 0;
    server.ahead = 50_300;
    pass(11_000);
    await clock.offset();
    expect(await clock.offset()).toBeCloseTo(50_300, -1);
  });

  test('is measured once within nine seconds, also for concurrent callers', async () => {
    const { asks, clock, pass } = start();
    await Promise.all(Array.from({ length: 10 }, () => clock.offset()));
    pass(9_000);
    await clock.offset();
    expect(asks).toHaveBeenCalledTimes(1);
  });

  test('is unknown until Redis answers, and is used for a minute at most once Redis stops answering', async () => {
    const { server, clock, pass } = start();
    const { ahead } = server;
    server.ahead = undefined;
    expect(await clock.offset()).toBeUndefined();
    server.ahead = ahead;
    expect(await clock.offset()).toBeDefined();
    server.ahead = undefined;
    pass(59_000);
    expect(await clock.offset()).toBeDefined();
    pass(2_000);
    expect(await clock.offset()).toBeUndefined();
  });

  test('is measured again when Redis comes back, which may be another server', async () => {
    const { server, clock, recover } = start();
    await clock.offset();
    server.ahead = -7_000;
    recover();
    expect(await clock.offset()).toBeCloseTo(-7_000, -1);
  });
});
