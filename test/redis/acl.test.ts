// The README's rule for a user of Redis: with it everything works, on one server and in a cluster, and nothing is refused.

import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { invite, subscribeTo } from '../live/subscriber.ts';
import { startCluster } from './cluster.ts';
import { readInvite, readReview, reasonsIn, startPair } from './pair.ts';
import { type RedisServer, startRedisServer } from './server.ts';

const GUEST = 'invite-pending@example.com';
const [, RULE = ''] = /^```text\nuser gateway (on >password .*)\n```/m.exec(readFileSync('README.md', 'utf8')) ?? [];

test.each<[string, () => Promise<{ url: string; servers: readonly RedisServer[]; stop: () => Promise<void> }>]>([
  [
    'one server',
    async () => {
      const server = await startRedisServer();
      return { url: `${server.url}/3`, servers: [server], stop: server.stop };
    },
  ],
  ['a cluster', () => startCluster()],
])('the user of the README is enough for %s', async (_, startRedis) => {
  const { url, servers, stop } = await startRedis();
  onTestFinished(stop);
  for (const { command } of servers) await command('ACL', 'SETUSER', 'gateway', ...RULE.split(' '));
  const pair = await startPair(url.replace('://', '://gateway:password@'), { PARTOO_QUOTA: '10/600s' });
  onTestFinished(() => pair.stop());
  const isReady = async () =>
    (await Promise.all([pair.a.ready(), pair.b.ready()])).every(({ status }) => status === 'ready');
  await vi.waitUntil(isReady);

  // Messages, and what one has read for the other.
  const stream = subscribeTo(pair.b.origin, [invite('invite-pending')]);
  await stream.first(1);
  pair.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });
  await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED' && !invitation.isStale);
  // A gate that is closed, and a quota that is used up, for both.
  pair.sandbox.cronofy.misbehave({ status: 429, headers: { 'retry-after': '60' } });
  expect(await readInvite(pair.a, 'board-meeting')).toBe('PROVIDER_RATE_LIMITED');
  const ids = Array.from({ length: 12 }, (_, n) => `review-${n}`);
  for (const invitation_id of ids) pair.sandbox.partoo.put({ invitation_id, status: 'SENT' });
  const answers: unknown[] = [];
  for (const [n, id] of ids.entries()) answers.push(await readReview(n % 2 ? pair.a : pair.b, id));
  expect(answers).toContain('PROVIDER_RATE_LIMITED');
  expect(await readInvite(pair.b, 'board-meeting')).toBe('PROVIDER_RATE_LIMITED');

  expect(await isReady()).toBe(true);
  for (const { command } of servers) expect(await command('ACL', 'LOG')).toEqual([]);
  for (const { log } of [pair.a, pair.b]) {
    expect(reasonsIn(log)).toEqual([undefined]);
  }
});

test('the user of the README reaches no other keys, channels or commands', async () => {
  const server = await startRedisServer();
  onTestFinished(server.stop);
  await server.command('ACL', 'SETUSER', 'gateway', ...RULE.split(' '));
  const dryRun = (...command: string[]) => server.command('ACL', 'DRYRUN', 'gateway', ...command);
  expect(await dryRun('GET', 'gateway:any')).toBe('OK');
  // The channels of a tenant that goes.
  expect(await dryRun('UNSUBSCRIBE', 'gateway:any')).toBe('OK');
  expect(await dryRun('GET', 'other')).toContain('no permissions');
  expect(await dryRun('PUBLISH', 'other', 'text')).toContain('no permissions');
  expect(await dryRun('FLUSHALL')).toContain('no permissions');
  expect(await dryRun('KEYS', '*')).toContain('no permissions');
});
