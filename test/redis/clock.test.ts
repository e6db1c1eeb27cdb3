// The clock that processes share: Redis', against a real one, and against one whose answers are late or contradict each
// other.

import { setImmediate as breathe } from 'node:timers/promises';
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

/** How many answers make a measurement. */
const SAMPLES = 5;

describe('the clock of a simulated Redis', () => {
  function start() {
    let at = 1_000;
    let recovered = () => {};
    /** What Redis' clock is ahead of ours, and how long its answer takes; undefined where it does not answer. */
    const server = { ahead: 50_000 as number | undefined, takesMs: 2 };
    /** For how long each of the next questions waits before it reaches Redis. */
    const waits: number[] = [];
    const asks = vi.fn();
    const clock = createSharedClock(
      {
        async ask<T>() {
          asks();
          if (server.ahead === undefined) return undefined;
          at += waits.shift() ?? 0;
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
      waits,
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
      await breathe();
      expect(await clock.offset()).toBe(first);
    }
    expect(asks).toHaveBeenCalledTimes(SAMPLES + 3);
  });

  test('takes the offset of a measurement that contradicts the first one', async () => {
    const { server, clock, pass } = start();
    server.takesMs = 40;
    await clock.offset();
    server.takesMs = 0;
    server.ahead = 50_300;
    pass(11_000);
    // It is measured while what was measured before is used.
    await clock.offset();
    await breathe();
    expect(await clock.offset()).toBeCloseTo(50_300, -1);
  });

  test.each([
    ['the first', [400]],
    ['all but the last', [400, 300, 200, 100]],
  ])('is measured exactly where %s of the questions had to wait', async (_, waited) => {
    const { waits, clock } = start();
    waits.push(...waited);
    expect(await clock.offset()).toBeCloseTo(50_000, -1);
  });

  test('a measurement that Redis ends half way counts as far as it came', async () => {
    const { server, asks, clock } = start();
    asks.mockReturnValueOnce(undefined).mockImplementation(() => {
      server.ahead = undefined;
    });
    expect(await clock.offset()).toBeCloseTo(50_000, -1);
  });

  test('a measurement during which Redis comes back, maybe as another server, begins anew', async () => {
    const { server, asks, clock, recover } = start();
    asks.mockReturnValueOnce(undefined).mockImplementationOnce(() => {
      server.ahead = -7_000;
      recover();
    });
    expect(await clock.offset()).toBeCloseTo(-7_000, -1);
  });

  test('is measured once within nine seconds, also for concurrent callers', async () => {
    const { asks, clock, pass } = start();
    await Promise.all(Array.from({ length: 10 }, () => clock.offset()));
    pass(9_000);
    await clock.offset();
    expect(asks).toHaveBeenCalledTimes(SAMPLES);
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
