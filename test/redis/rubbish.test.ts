// Invalid values in Redis: a gateway ignores and logs them, and gets the right answer from the provider.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { globalIdOf } from '../../src/invitation/ref.ts';
import { invite, subscribeTo, review as watched } from '../live/subscriber.ts';
import { reviewInvitationRef } from '../refs.ts';
import { type Pair, readReview, startPair, untilConnected, untilShared } from './pair.ts';
import { type RedisServer, startRedisServer } from './server.ts';

const GUEST = 'invite-pending@example.com';
const SENT = { invitationId: 'review-sent', status: 'PENDING', isStale: false };

let server: RedisServer;
let pair: Pair;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

beforeEach(async () => {
  pair = await startPair(server.url);
  await untilConnected(server, [pair.a, pair.b]);
});
afterEach(async () => {
  await pair.stop();
  await server.command('FLUSHALL');
  expect(unhandled.splice(0)).toEqual([]);
});

const keys = async (pattern: string) => (await server.command('KEYS', pattern)) as string[];
const channelNames = async (pattern: string) => (await server.command('PUBSUB', 'CHANNELS', pattern)) as string[];
const hasLogged = (log: readonly string[]) => log.some((line) => /"level":40.*rubbish/.test(line));

const review = (invitationId: string, more: object = {}) =>
  JSON.stringify({
    ref: globalIdOf(reviewInvitationRef(invitationId)),
    invitation: { type: 'ReviewInvitation', invitationId, deliveryStatus: 'DELIVERED', rawStatus: 'DELIVERED' },
    observedAt: Date.now(),
    begunAt: Date.now(),
    seenAt: Date.now(),
    ...more,
  });

const DELIVERED = { invitationId: 'review-sent', status: 'DELIVERED', isStale: false };

describe('what is well-formed is believed, whichever process wrote it', () => {
  test('in the key of an invitation', async () => {
    await readReview(pair.a, 'review-sent');
    await untilShared(server, 1);
    for (const key of await keys('gateway:snapshot:*')) await server.command('SET', key, review('review-sent'));
    const late = await pair.join();
    await untilConnected(server, [late]);
    expect(await readReview(late, 'review-sent')).toEqual(DELIVERED);
    expect(hasLogged(late.log)).toBe(false);
    expect(pair.calls()).toHaveLength(1);
  });

  test('in a message', async () => {
    const stream = subscribeTo(pair.b.origin, [watched('review-sent')]);
    await stream.first(1);
    const [channel = ''] = await channelNames('gateway:snapshots:*');
    expect(await server.command('PUBLISH', channel, `somebody ${review('review-sent')}`)).toBe(2);
    expect(await stream.completed).toBe('completed');
    expect(stream.events.map(({ invitation }) => invitation.deliveryStatus)).toEqual(['SENT', 'DELIVERED']);
    expect(pair.calls()).toHaveLength(1);
    expect(hasLogged(pair.b.log)).toBe(false);
  });
});

describe('a gateway ignores and logs an invalid value in the key of an invitation:', () => {
  test.each<[string, (key: string) => Promise<unknown>]>([
    ['a text that is not JSON', (key) => server.command('SET', key, 'rubbish')],
    ['another JSON', (key) => server.command('SET', key, '{"ref":null}')],
    ['bytes that are not UTF-8', (key) => server.command('SETRANGE', key, 3, '\u0000\u00ff')],
    ['a truncated value', (key) => server.command('EVAL', HALVE, 1, key)],
    ['another invitation', (key) => server.command('SET', key, review('review-other'))],
    [
      'a moment that no calendar has',
      (key) => server.command('SET', key, review('review-sent', { observedAt: 1e300 })),
    ],
    ['a value of another Redis type', (key) => server.command('EVAL', RETYPE, 1, key)],
  ])('%s', async (_, spoil) => {
    await readReview(pair.a, 'review-sent');
    await untilShared(server, 1);
    for (const key of await keys('gateway:snapshot:*')) await spoil(key);
    // It has not heard what the others told each other, so that it looks there.
    const late = await pair.join();
    await untilConnected(server, [late]);
    expect(await readReview(late, 'review-sent')).toEqual(SENT);
    expect(pair.calls()).toHaveLength(2);
    expect(hasLogged(late.log)).toBe(true);
  });
});

const HALVE = `redis.call('SET', KEYS[1], string.sub(redis.call('GET', KEYS[1]), 1, 40))`;
const RETYPE = `redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'rubbish')`;

test('a gateway makes calls and shares reads in spite of an invalid value in each key of a quota', async () => {
  await readReview(pair.a, 'review-created');
  await untilShared(server, 1);
  const accounts = (await keys('gateway:{*}:calls')).map((key) => key.slice(0, -'calls'.length));
  expect(accounts.length).toBeGreaterThan(0);
  for (const account of accounts) {
    for (const name of ['calls', 'line', 'due', 'spread']) await server.command('SET', account + name, 'rubbish');
    await server.command('RPUSH', `${account}gate`, 'rubbish');
  }
  expect(await readReview(pair.a, 'review-sent')).toEqual(SENT);
  await untilShared(server, 2);
});

describe('a gateway ignores and logs an invalid message:', () => {
  test.each([
    ['nothing', ''],
    ['one word', 'rubbish'],
    ['several words', 'this is rubbish'],
    ['JSON cut short', `somebody ${review('review-sent').slice(0, 60)}`],
    ['a snapshot of one invitation in the name of another', `somebody ${review('review-other', refTo('review-sent'))}`],
    ['a moment that no calendar has', `somebody ${review('review-sent', { observedAt: 1e300 })}`],
    ['what no version says of an account', 'somebody thawed 12'],
    ['calls that were made at no time', 'somebody calls soon somebody:1:c:caller'],
    ['calls in a form of another version', 'somebody calls 0 v9|caller|1 5'],
    ['a gate that is closed at no time, and for ever', 'somebody closed 1e300 soon'],
    ['a notification of a provider that there is not', `somebody NOBODY ${Date.now()} {}`],
    ['a notification at no time', 'somebody CRONOFY soon {}'],
    ['a notification that is no JSON', `somebody CRONOFY ${Date.now()} {"notification"`],
    [
      'a notification of another shape',
      `somebody CRONOFY ${Date.now()} {"notification":{"type":"smart_invite"},"smart_invite":[]}`,
    ],
  ])('%s', async (_, message) => {
    const stream = subscribeTo(pair.b.origin, [invite('invite-pending')]);
    await stream.first(1);
    const channels = await channelNames('*');
    expect(channels.length).toBeGreaterThan(1);
    for (const channel of channels) expect(await server.command('PUBLISH', channel, message)).toBe(2);
    await vi.waitUntil(() => hasLogged(pair.a.log) && hasLogged(pair.b.log));
    pair.sandbox.cronofy.forgetCalls();
    expect(await readReview(pair.b, 'review-sent')).toEqual(SENT);
    expect(pair.calls()).toHaveLength(1);
    // What comes after it is heard.
    pair.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });
    await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    expect(stream.events.every(({ code }) => code === undefined)).toBe(true);
  });
});

function refTo(invitationId: string) {
  return { ref: globalIdOf(reviewInvitationRef(invitationId)) };
}
