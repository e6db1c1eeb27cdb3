// A primary behind a real Sentinel: two gateways follow it to the server that takes its place.

import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createRedis } from '../../src/redis/redis.ts';
import { invite, subscribeTo } from '../live/subscriber.ts';
import { type Pair, readReview, reasonsIn, startPair, untilConnected, untilShared } from './pair.ts';
import { PRIMARY, startWatchedRedis, type WatchedRedis } from './sentinel.ts';

const GUEST = 'invite-pending@example.com';

/** By then what Sentinel has decided is followed. Two seconds are promised; this machine may be busy. */
const FOLLOWED_MS = 5_000;

let watched: WatchedRedis;
// A Sentinel asks for replicas every ten seconds: one that is late once is known only then.
beforeEach(async () => {
  watched = await startWatchedRedis();
}, 60_000);
afterEach(() => watched.stop());

/** The first of the Sentinels is not there. */
const url = () =>
  `redis+sentinel://127.0.0.1:1,${watched.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${PRIMARY}`;

const untilPromoted = () =>
  vi.waitUntil(
    async () => {
      const [, port] = (await watched.sentinels[0].command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', PRIMARY)) as string[];
      return Number(port) === watched.replica.port;
    },
    { interval: 20 },
  );

const untilRole = (role: string) =>
  vi.waitUntil(async () => String(await watched.replica.command('INFO', 'replication')).includes(`role:${role}`), {
    timeout: 15_000,
    interval: 20,
  });

describe('when the primary', () => {
  async function start(): Promise<Pair> {
    const pair = await startPair(url(), { PARTOO_QUOTA: '20/600s' });
    onTestFinished(() => pair.stop());
    await untilConnected(watched.primary, [pair.a, pair.b]);
    return pair;
  }

  test.each<[string, () => unknown]>([
    ['is killed', () => watched.primary.kill()],
    ['hangs', () => watched.primary.pause()],
    ['is told to fail over', () => watched.sentinels[0].command('SENTINEL', 'FAILOVER', PRIMARY)],
  ])('%s, both processes share quota, snapshots and messages through the new one', async (_, lose) => {
    const pair = await start();
    const stream = subscribeTo(pair.b.origin, [invite('invite-pending')]);
    await stream.first(1);
    await readReview(pair.a, 'review-sent');
    await untilShared(watched.replica, 2);
    await lose();
    await untilPromoted();
    await untilRole('master');
    // It is asked all the time, so that a primary which hangs is noticed.
    await vi.waitUntil(
      async () => {
        await pair.a.query('{ reviewInvitation(invitationId: "review-created", maxAgeSeconds: 0) { id } }');
        return untilConnected(watched.replica, [pair.a, pair.b], 20).then(
          () => true,
          () => false,
        );
      },
      { timeout: FOLLOWED_MS, interval: 20 },
    );
    const late = await pair.join();
    await untilConnected(watched.replica, [pair.a, pair.b, late]);
    pair.sandbox.partoo.forgetCalls();
    expect(await readReview(late, 'review-sent')).toMatchObject({ status: 'PENDING' });
    expect(pair.calls().filter((target) => target.endsWith('review-sent'))).toEqual([]);
    pair.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });
    await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    // Both Sentinels tell of it.
    for (const { log } of [pair.a, pair.b]) {
      expect(reasonsIn(log).filter((reason) => reason === 'another primary').length).toBeLessThanOrEqual(1);
      expect(reasonsIn(log).at(-1)).toBeUndefined();
    }
  });
});

test('the reason is reported where no Sentinel answers, or none knows the primary', async () => {
  for (const address of ['127.0.0.1:1/main', `127.0.0.1:${watched.sentinels[0].port}/other`]) {
    const told: (string | undefined)[] = [];
    const redis = createRedis(`redis+sentinel://${address}`, (reason) => void told.push(reason));
    onTestFinished(() => redis.close());
    await vi.waitUntil(() => told.length > 0);
    expect(told).toEqual(['no Sentinel knows the primary']);
    expect(redis.isUp()).toBe(false);
  }
});
