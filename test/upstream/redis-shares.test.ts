// The shares of a quota among callers of two processes, on a real Redis and real clocks, with the providers' real windows.
// What the caller that wants everything had before newcomers come is worked out on a clock of its own, and told to Redis as
// calls of so long ago.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, type TestContext, test, vi } from 'vitest';
import { createRedis } from '../../src/redis/redis.ts';
import { digestOf, nameOfCall } from '../../src/upstream/call-name.ts';
import { createQuota, type Quota } from '../../src/upstream/quota.ts';
import { longestOf, parseQuota, type QuotaWindow, withMargin } from '../../src/upstream/quota-window.ts';
import { createSharedQuota } from '../../src/upstream/redis-quota.ts';
import { type RedisServer, startRedisServer } from '../redis/server.ts';
import { greedy, untilServed } from './takers.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

/** Tests that go on at the same time have one each. */
type OnFinished = TestContext['onTestFinished'];

const GREEDY = 'greedy';
let accounts = 0;

const QUOTAS = ['270/60s', '45/1s,450/60s'];
/** For how long one caller has taken everything when newcomers come, in milliseconds. */
const PHASES = [10, 950, 1_040, 5_000, 30_000, 45_000, 60_990, 61_100, 122_500];

const CASES = QUOTAS.flatMap((text) => PHASES.map((phase) => [text, phase] as const));

const windowsOf = (text: string) => withMargin(parseQuota(text) ?? []);

/** When a caller has had its calls that takes every one there is, by quota. */
const TAKEN = new Map(QUOTAS.map((text) => [text, timesOfCalls(text)]));

function timesOfCalls(text: string): readonly number[] {
  let at = 0;
  const quota = createQuota('PARTOO', windowsOf(text), { now: () => at });
  const times: number[] = [];
  for (; at < Math.max(...PHASES); at += 1)
    while (quota.takeNow({ how: 'caller', caller: GREEDY }) !== undefined) times.push(at);
  return times;
}

/** Two processes, each with its quota of one account, of which one caller has had calls so long ago. */
async function startProcesses(
  windows: readonly QuotaWindow[],
  ages: readonly number[],
  onTestFinished: OnFinished,
): Promise<readonly [Quota, Quota]> {
  const accountId = `account-${accounts++}`;
  const digest = digestOf(accountId, GREEDY);
  const now = Date.now();
  const entries = ages.flatMap((age, n) => [now - age, nameOfCall('before', n, 'caller', digest)]);
  if (entries.length > 0) await server.command('ZADD', `gateway:{${accountId}}:calls`, ...entries);
  const start = async () => {
    const redis = createRedis(server.url, () => undefined);
    onTestFinished(() => redis.close());
    await vi.waitUntil(() => redis.isUp());
    return createSharedQuota('PARTOO', windows, redis, { accountId, processes: 2 });
  };
  return [await start(), await start()];
}

/** Two processes, whose calls one caller has taken for so many milliseconds, and goes on to. */
async function startBeside(text: string, phase: number, onTestFinished: OnFinished): Promise<readonly [Quota, Quota]> {
  const windows = windowsOf(text);
  const ages = (TAKEN.get(text) ?? []).map((at) => phase - at);
  const inWindow = ages.filter((age) => age > 0 && age < longestOf(windows).windowMs);
  const quotas = await startProcesses(windows, inWindow, onTestFinished);
  takeEverything(quotas, onTestFinished);
  return quotas;
}

/** The caller that wants everything, in both processes. */
function takeEverything(quotas: readonly Quota[], onTestFinished: OnFinished) {
  const takers = quotas.map((quota) => greedy(quota, GREEDY, 30));
  onTestFinished(() => {
    for (const taker of takers) taker.stop();
  });
  return { count: () => takers.reduce((sum, { times }) => sum + times.length, 0) };
}

test.concurrent.for(CASES)(
  'ten newcomers to %s have one call each within a second, %i ms after one caller began to take everything',
  async ([text, phase], { onTestFinished }) => {
    const quotas = await startBeside(text, phase, onTestFinished);
    const waits = quotas.flatMap((quota, p) => [0, 1, 2, 3, 4].map((n) => untilServed(quota, `new-${p}-${n}`, 1)));
    for (const ms of await Promise.all(waits)) expect(ms).toBeLessThanOrEqual(1_000);
  },
);

test.concurrent.for(CASES)(
  'twenty newcomers to %s have three calls each within 15 s, %i ms after one caller began to take everything',
  { timeout: 30_000 },
  async ([text, phase], { onTestFinished }) => {
    const quotas = await startBeside(text, phase, onTestFinished);
    const waits = quotas.flatMap((quota, p) =>
      Array.from({ length: 10 }, (_, n) => untilServed(quota, `new-${p}-${n}`, 3)),
    );
    for (const ms of await Promise.all(waits)) expect(ms).toBeLessThanOrEqual(15_000);
  },
);

// Windows are shorter here than the providers', with calls as often.
test.concurrent.for(['45/10s', '45/1s,75/10s'])(
  'of %s, one caller alone has 0.95 of all but the reserve in the long run',
  { timeout: 60_000 },
  async (text, { onTestFinished }) => {
    const windows = parseQuota(text) ?? [];
    const { count } = takeEverything(await startProcesses(windows, [], onTestFinished), onTestFinished);
    const { limit, windowMs } = longestOf(windows);
    await sleep(windowMs);
    const before = count();
    await sleep(2 * windowMs);
    expect(count() - before).toBeGreaterThanOrEqual(2 * 0.95 * 0.9 * limit);
  },
);

test.concurrent('what one caller takes of both processes is spread as in one', async ({ onTestFinished }) => {
  const windows = parseQuota('100/10s') ?? [];
  const { count } = takeEverything(await startProcesses(windows, [], onTestFinished), onTestFinished);
  await sleep(4_000);
  // A burst of 40, and then 50 evenly over the window.
  expect(count()).toBeGreaterThanOrEqual(50);
  expect(count()).toBeLessThanOrEqual(40 + 50 * 0.4 + 2);
});
