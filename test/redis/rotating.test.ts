// The secrets of an account are rotated while its processes are started anew one by one: for as long as that takes, some
// have the old ones and some the new ones. They are one account, by its name.

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readInvite, readReview, startPair, untilConnected, untilShared } from './pair.ts';
import { type RedisServer, startRedisServer } from './server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

const NAMED = { PARTOO_ACCOUNT: 'main', CRONOFY_ACCOUNT: 'main', PARTOO_QUOTA: '1/60s', CRONOFY_QUOTA: '1/60s' };
const NEW_SECRETS = { PARTOO_API_KEY: 'new-partoo-key', CRONOFY_CLIENT_SECRET: 'new-cronofy-secret' };

test('a process with new secrets gives what one with the old ones has read, and has the same quota', async () => {
  const pair = await startPair(server.url, NAMED);
  onTestFinished(() => pair.stop());
  const renewed = await pair.join(NEW_SECRETS);
  await untilConnected(server, [pair.a, pair.b, renewed]);
  const review = await readReview(pair.a, 'review-sent');
  const invite = await readInvite(pair.a, 'invite-pending');
  await untilShared(server, 2);

  // Its own secrets are not accepted here, so that each call of its own would be seen.
  expect(await readReview(renewed, 'review-sent')).toEqual(review);
  expect(await readInvite(renewed, 'invite-pending')).toEqual(invite);
  expect(pair.calls()).toHaveLength(2);

  // One call each was the quota.
  expect(await readReview(renewed, 'review-created')).toBe('PROVIDER_RATE_LIMITED');
  expect(await readInvite(renewed, 'board-meeting')).toBe('PROVIDER_RATE_LIMITED');
  expect(pair.calls()).toHaveLength(2);
});
