// What was learned is kept in a real Redis, so that a process that starts goes on from there.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { InvitationType } from '../../src/invitation/kinds.ts';
import { createSharedClock } from '../../src/redis/clock.ts';
import { createRedis, type SharedRedis } from '../../src/redis/redis.ts';
import { Learning } from '../../src/snapshots/learning.ts';
import { shareEvidence } from '../../src/snapshots/redis-evidence.ts';
import { createSharedTier } from '../../src/snapshots/redis-tier.ts';
import { refTo, review } from '../snapshots/source.ts';
import { type RedisServer, startRedisServer } from './server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

let redis: SharedRedis;
const ends: (() => void)[] = [];
const onRubbish = vi.fn();
const now = () => performance.now();

beforeEach(async () => {
  await server.command('FLUSHALL');
  redis = createRedis(server.url, () => {});
  await vi.waitUntil(() => redis.isUp(), { interval: 10 });
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
  redis.close();
  onRubbish.mockReset();
  vi.restoreAllMocks();
});

const MINUTE = 60_000;

/** A process: what it learns, and a way to let a minute pass for it. */
async function start(scope = 'scope') {
  const learning = new Map<InvitationType, Learning>([['ReviewInvitation', new Learning()]]);
  const minutes: (() => void)[] = [];
  vi.spyOn(globalThis, 'setInterval').mockImplementation((run: () => void, ms = 0) => {
    // What comes more seldom does not come in a minute.
    if (ms <= MINUTE) minutes.push(run);
    return { unref: () => undefined } as unknown as NodeJS.Timeout;
  });
  ends.push(shareEvidence(redis, learning, { scope, clock: createSharedClock(redis, now), now, onRubbish }));
  vi.mocked(globalThis.setInterval).mockRestore();
  const evidence = learning.get('ReviewInvitation')?.evidence;
  if (evidence === undefined) throw new Error('nothing is learned');
  return {
    /** Reads find a change within ten seconds, each time. */
    learn() {
      for (let n = 0; n < 50; n++)
        evidence.note({ state: 'SENT', fromMs: 0, toMs: 10_000, hasChanged: true, at: now() });
    },
    expected: () => evidence.expected('SENT', 0, 10_000),
    passMinute: () => {
      for (const run of minutes) run();
    },
  };
}

const kept = async () => (await server.command('KEYS', 'gateway:evidence:*')) as string[];
const untilKept = () => vi.waitUntil(async () => (await kept()).length > 0, { interval: 10 });

test('a process that starts knows what another one had learned a minute before it ended', async () => {
  const first = await start();
  const unknown = first.expected();
  first.learn();
  first.passMinute();
  await untilKept();
  const second = await start();
  await vi.waitUntil(() => second.expected() > unknown, { interval: 10 });
  expect(second.expected() / first.expected()).toBeCloseTo(1, 1);
  expect(onRubbish).not.toHaveBeenCalled();
});

test('a process of another scope does not, and a process that has learned nothing keeps nothing', async () => {
  const first = await start();
  first.learn();
  first.passMinute();
  await untilKept();
  const other = await start('other');
  const before = other.expected();
  other.passMinute();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(other.expected()).toBe(before);
  expect(await kept()).toHaveLength(1);
});

test('a process hears since when a state is known, on its own clock', async () => {
  const tierOf = (aheadMs: number) => {
    const ownNow = () => now() + aheadMs;
    const clock = createSharedClock(redis, ownNow);
    return createSharedTier(redis, { scope: 'since', ttlMs: 60_000, clock, now: ownNow, onRubbish });
  };
  const [first, second] = [tierOf(1_000_000), tierOf(5_000_000)];
  const at = now() + 1_000_000;
  const invitation = review(refTo('one'), 'SENT');
  const snapshot = { ref: refTo('one'), invitation, observedAt: Date.now(), begunAt: at - 100, seenAt: at };
  first.share({ ...snapshot, sinceAt: at - 60_000 });
  const found = await vi.waitUntil(() => second.find(refTo('one')), { interval: 10 });
  expect(found.seenAt - (found.sinceAt ?? 0)).toBeCloseTo(60_000, 0);
  expect(Math.abs(found.seenAt - (at + 4_000_000))).toBeLessThan(1_000);
});

test('what is no evidence is ignored, told, and replaced', async () => {
  const first = await start();
  first.learn();
  first.passMinute();
  await untilKept();
  const [key = ''] = await kept();
  for (const rubbish of [
    '{',
    '{"savedAt":1}',
    '{"savedAt":1,"evidence":{"ReviewInvitation":{"SENT":{"changes":[-1],"exposureMs":[]}}}}',
  ]) {
    onRubbish.mockReset();
    await server.command('SET', key, rubbish);
    const next = await start();
    await vi.waitUntil(() => onRubbish.mock.calls.length > 0, { interval: 10 });
    next.learn();
    next.passMinute();
    await vi.waitUntil(async () => (await server.command('GET', key)) !== rubbish, { interval: 10 });
  }
});
