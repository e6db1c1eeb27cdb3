// A quota that processes share, on a real Redis and real clocks: every promise is checked against when calls were let
// through. A grant is seen a little after Redis gave it, so that a tenth of a window is allowed for.

import { describe, expect, test, vi } from 'vitest';
import { ProviderRateLimited } from '../../src/invitation/problem.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import type { Quota } from '../../src/upstream/quota.ts';
import { most, take, takeAll, takeAllInBackground, useProcesses } from './two-processes.ts';

const { server, startProcesses } = useProcesses();

/** When the account's calls were granted while `work` went on, by the clock of Redis, in milliseconds. */
async function grantsDuring(accountId: string, work: Promise<unknown>): Promise<number[]> {
  const grantedAt = new Map<string, number>();
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      isOver = await Promise.race([work.then(() => true), new Promise<false>((next) => setTimeout(next, 50, false))]);
      const found = (await server().command('ZRANGE', `gateway:{${accountId}}:calls`, 0, -1, 'WITHSCORES')) as string[];
      for (let n = 0; n < found.length; n += 2) grantedAt.set(found[n] ?? '', Number(found[n + 1]));
    }
  })();
  await Promise.all([work, watching]);
  return [...grantedAt.values()];
}

describe('two processes together take at most the limit in any stretch of the window', () => {
  test('where callers of both wait', async () => {
    const { a, b } = await startProcesses('10/1s', 2, 'waiting');
    const callers = Array.from({ length: 36 }, (_, n) => take(n % 2 ? a : b, 10_000));
    const times = await grantsDuring('waiting', Promise.all(callers));
    // All were served. (Redis counts some besides: those that it let pass while this process let others pass.)
    expect(most(times, 1_000)).toBe(10);
  });

  test('where callers and background work alternate, and there are two windows', async () => {
    const { a, b } = await startProcesses('4/0.3s,10/1s', 2, 'coming and going');
    const until = performance.now() + 3_000;
    async function call(quota: Quota): Promise<void> {
      while (performance.now() < until) {
        await take(quota, 300).catch((error) => expect(error).toBeInstanceOf(ProviderRateLimited));
      }
    }
    async function work(quota: Quota): Promise<void> {
      while (performance.now() < until) {
        const delayMs = await quota.takeSpare(BACKGROUND);
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
    const times = await grantsDuring('coming and going', Promise.all([call(a), call(b), work(a), work(b)]));
    expect(most(times, 300)).toBe(4);
    expect(most(times, 1_000)).toBe(10);
    expect(times.length).toBeGreaterThan(20);
  });
});

test('a call that was taken and not made counts from when it is made, for both processes', async () => {
  const { a, b } = await startProcesses('2/2s');
  const payment = { how: 'caller', caller: 'late' } as const;
  const takenAt = await a.take(payment, 0, new Cancellation());
  await take(b);
  await new Promise((resolve) => setTimeout(resolve, 600));
  const madeAt = await a.take(payment, 0, new Cancellation(), takenAt);
  expect(madeAt - takenAt).toBeGreaterThanOrEqual(600);
  // The other process's own call leaves the window first, and then this one.
  await take(b, 5_000);
  const nextAt = await take(b, 5_000);
  expect(nextAt - madeAt).toBeGreaterThanOrEqual(1_990);
});

test('one process may take the whole quota, and the other then gets no call', async () => {
  const { a, b } = await startProcesses('10/60s');
  expect(await takeAll(a)).toBe(10);
  expect(await takeAll(b)).toBe(0);
});

test('processes share a window whose length is no exact number of milliseconds', async () => {
  expect(64.001 * 1_000).not.toBe(64_001);
  const { a, b } = await startProcesses('10/64.001s');
  expect(await takeAll(a)).toBe(10);
  expect(await takeAll(b)).toBe(0);
});

test('background work of both processes leaves a tenth to callers', async () => {
  const { a, b } = await startProcesses('20/60s');
  await take(a);
  expect((await takeAllInBackground(a)) + (await takeAllInBackground(b))).toBe(17);
  expect(await takeAll(b)).toBe(2);
  expect(await a.takeSpare(BACKGROUND)).toBeGreaterThan(50_000);
});

describe('callers that insist have half of the quota over both processes', () => {
  const insist = (quota: Quota, caller: string) =>
    quota.take({ how: 'insistent', caller }, 0, new Cancellation()).then(
      () => 'taken',
      (error) => error.code,
    );
  const times = (count: number) => Array.from({ length: count }, (_, n) => n);

  test('where one process has had it, and then other callers still have the rest', async () => {
    const { a, b } = await startProcesses('10/60s');
    for (const n of times(5)) expect(await insist(a, `a-${n}`)).toBe('taken');
    await vi.waitUntil(() => b.status().remaining === 5);
    expect(await insist(b, 'b')).toBe('PROVIDER_RATE_LIMITED');
    expect(await takeAll(b)).toBe(5);
  });

  test('where callers of both insist at the same moment, before either process has heard of the other', async () => {
    const { a, b } = await startProcesses('10/60s');
    const insisting = times(5).flatMap((n) => [insist(a, `a-${n}`), insist(b, `b-${n}`)]);
    const outcomes = await Promise.all(insisting);
    expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(5);
    // A caller that was refused keeps no place in Redis, or a call would be left over.
    expect((await takeAll(a)) + (await takeAll(b))).toBe(5);
  });
});

describe('where Redis knows of calls that a process has not heard of', () => {
  /** Two processes, one call of the first, and so many calls that Redis alone knows. */
  async function startUnheard(accountId: string, count: number, letter: string) {
    const { a, b } = await startProcesses('10/60s', 2, accountId);
    await take(a);
    const key = `gateway:{${accountId}}:calls`;
    const [, score = ''] = (await server().command('ZRANGE', key, 0, -1, 'WITHSCORES')) as string[];
    const unheard = Array.from({ length: count }, (_, n) => [score, `other:${n}:${letter}:other-${n}`]).flat();
    await server().command('ZADD', key, ...unheard);
    return { a, b, forget: () => server().command('ZREM', key, `other:0:${letter}:other-0`) };
  }

  test('a caller that cannot be served in time is refused, and keeps no call from others', async () => {
    const { a, b, forget } = await startUnheard('unheard', 9, 'c');
    const error = await take(a, 8_000).catch((error: unknown) => error);
    expect([59, 60]).toContain((error as { retryAfterSeconds?: number }).retryAfterSeconds);
    await forget();
    expect(await takeAll(b)).toBe(1);
  });

  test('a caller that waits for others that insist keeps no call from those who do not', async () => {
    const { a, b } = await startUnheard('unheard-insistent', 5, 'i');
    const cancellation = new Cancellation();
    const waiting = a.take({ how: 'insistent', caller: 'waits' }, 70_000, cancellation);
    expect(await takeAll(b)).toBe(4);
    cancellation.cancel(new CallerGone());
    await expect(waiting).rejects.toBeInstanceOf(CallerGone);
  });
});

test('callers who wait in one process are served in the order they came, and ask Redis together', async () => {
  const { a, b } = await startProcesses('20/1s');
  await Promise.all(Array.from({ length: 20 }, (_, n) => take(n % 2 ? a : b, 1_000)));
  const evaluations = async () => {
    const stats = `${await server().command('INFO', 'commandstats')}`;
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]);
  };
  const before = await evaluations();
  const served: number[] = [];
  const callers = Array.from({ length: 60 }, (_, n) => take(a, 10_000).then(() => served.push(n)));
  await Promise.all(callers);
  expect(served).toEqual(callers.map((_, n) => n));
  // Three windows' worth of calls, of which each leaves in a few pieces.
  const asked = (await evaluations()) - before;
  expect(asked).toBeLessThan(30);
});

test('a caller that cannot be served in time is refused at once, with the time to retry after', async () => {
  const { a, b } = await startProcesses('1/60s');
  await take(a);
  const error = await take(b, 8_000).catch((error: unknown) => error);
  // Whole seconds of what is left of the window, however long the two took.
  expect([59, 60, 61]).toContain((error as { retryAfterSeconds: number }).retryAfterSeconds);
});

test('a caller that leaves while it waits uses no call', async () => {
  const { a, b } = await startProcesses('1/1s');
  await take(a);
  const cancellation = new Cancellation();
  const waiting = take(b, 10_000, cancellation);
  cancellation.cancel(new CallerGone());
  await expect(waiting).rejects.toBeInstanceOf(CallerGone);
  await take(a, 2_000);
  expect(await takeAll(b)).toBe(0);
});

test('accounts have separate quotas', async () => {
  const one = await startProcesses('5/60s');
  const other = await startProcesses('5/60s');
  one.a.close(60_000);
  await vi.waitUntil(async () => (await one.b.takeSpare(BACKGROUND)) > 0);
  expect(await takeAll(other.b)).toBe(5);
});

describe('a gate', () => {
  test('that one process has closed holds the other until it opens', async () => {
    const { a, b } = await startProcesses('1000/1s');
    const closedAt = performance.now();
    a.close(1_000);
    await vi.waitUntil(async () => (await b.takeSpare(BACKGROUND)) > 0, { interval: 1 });
    await expect(take(b)).rejects.toBeInstanceOf(ProviderRateLimited);
    await expect(take(a)).rejects.toBeInstanceOf(ProviderRateLimited);
    await take(b, 2_000);
    expect(performance.now() - closedAt).toBeGreaterThan(950);
    await take(a, 100);
  });

  test('is not opened earlier by a process that closes it for a shorter time', async () => {
    const { a, b } = await startProcesses('1000/1s');
    a.close(60_000);
    await vi.waitUntil(async () => (await b.takeSpare(BACKGROUND)) > 0);
    b.close(100);
    b.close(100);
    await take(b, 1_000).catch(() => undefined);
    expect(await a.takeSpare(BACKGROUND)).toBeGreaterThan(50_000);
  });
});

test('no process starves beside one that asks more often', async () => {
  const { a, b } = await startProcesses('10/1s');
  const served = { a: 0, b: 0 };
  const until = performance.now() + 4_000;
  const call = async (name: 'a' | 'b', atOnce: number) => {
    const one = async () => {
      while (performance.now() < until) {
        await take({ a, b }[name], 5_000).then(
          () => {
            served[name] += 1;
          },
          () => new Promise((resolve) => setTimeout(resolve, 50)),
        );
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  };
  await Promise.all([call('a', 20), call('b', 1)]);
  // It is served about when its turn comes, in the order in which both asked.
  expect(served.b).toBeGreaterThan(2);
});
