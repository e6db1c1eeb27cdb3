// What a notification to one process does in all of them: an invite is known by several names, and is read while the
// notification comes.

import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { CRONOFY_CLIENT_SECRET } from '../../src/sandbox/cronofy.ts';
import { type Pair, type PairedGateway, startPair, untilConnected, untilShared } from './pair.ts';
import { type RedisServer, startRedisServer } from './server.ts';

const ID = 'invite-ended';
const EMAIL = `${ID}@example.com`;

let server: RedisServer;
let pair: Pair;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  pair = await startPair(server.url);
  await untilConnected(server, [pair.a, pair.b]);
});
afterEach(async () => {
  await pair.stop();
  await server.command('CONFIG', 'SET', 'maxmemory', 0);
  await server.command('FLUSHALL');
});

const QUERY = `query($id: ID!, $email: String) {
  smartInvite(smartInviteId: $id, recipientEmail: $email) {
    status isFinal isStale event { end { dateTime } }
  }
}`;

async function read({ query }: PairedGateway, email: string | null, id = ID) {
  const { data, errors } = await query(QUERY, { id, email });
  expect(errors).toBeUndefined();
  const { event, ...rest } = data.smartInvite;
  return { ...rest, end: event.end.dateTime };
}

const MOVED = { status: 'PENDING', isFinal: false, isStale: false, end: '2099-01-01T10:00:00Z' };

/** The application moves the invite, which takes back the replies. */
function move(id = ID): void {
  const email = `${id}@example.com`;
  pair.sandbox.cronofy.put({
    smart_invite_id: id,
    recipient: { email, status: 'pending' },
    replies: [],
    event: { start: '2099-01-01T09:00:00Z', end: '2099-01-01T10:00:00Z' },
  });
}

async function notify({ origin }: PairedGateway, id = ID): Promise<void> {
  const recipient = { email: `${id}@example.com`, status: 'pending' };
  const body = JSON.stringify({
    notification: { type: 'smart_invite' },
    smart_invite: { smart_invite_id: id, recipient },
  });
  const signature = createHmac('sha256', CRONOFY_CLIENT_SECRET).update(body).digest('base64');
  const headers = { 'cronofy-hmac-sha256': signature };
  expect((await fetch(`${origin}/webhooks/cronofy`, { method: 'POST', headers, body })).status).toBe(200);
}

const names = [null, EMAIL];

test('an invite that had ended and was moved is new by every name in every process, also in one that starts later', async () => {
  for (const gateway of [pair.a, pair.b]) {
    for (const email of names) expect(await read(gateway, email)).toMatchObject({ status: 'ACCEPTED', isFinal: true });
  }
  await untilShared(server, names.length);
  expect(pair.calls()).toHaveLength(names.length);
  move();
  await notify(pair.a);
  // One that has heard nothing of it, and finds in Redis what was shared before.
  const late = await pair.join();
  await untilConnected(server, [pair.a, pair.b, late]);
  for (const gateway of [late, pair.b, pair.a]) {
    for (const email of names) expect(await read(gateway, email)).toEqual(MOVED);
  }
});

test('a read that began before and ends after it is believed in no process', async () => {
  const id = 'invite-accepted';
  pair.sandbox.cronofy.misbehave({ delayMs: 600, times: 1 });
  const slow = read(pair.a, null, id);
  await vi.waitUntil(() => pair.calls().length === 1, { interval: 1 });
  // Its answer is made by now, and on its way.
  move(id);
  await notify(pair.b, id);
  // The one that was notified reads it by the name in the notification, and shares that.
  await untilShared(server, 1);
  expect(await slow).toMatchObject({ status: 'ACCEPTED' });
  expect(await read(pair.b, null, id)).toEqual(MOVED);
  expect(await read(pair.a, null, id)).toEqual(MOVED);
});

test('an invite that was moved while Redis was down is read again by the other process after Redis is back', async () => {
  expect(await read(pair.b, null)).toMatchObject({ status: 'ACCEPTED', isFinal: true });
  await server.kill();
  await vi.waitUntil(async () => (await pair.a.ready()).degraded.includes('REDIS'));
  move();
  await notify(pair.a);
  await server.restart();
  await untilConnected(server, [pair.a, pair.b]);
  await expect.poll(() => read(pair.b, null)).toEqual(MOVED);
});

test('an invite that was moved while Redis took no writes is new in a process that starts when it takes them again', async () => {
  for (const email of names) expect(await read(pair.a, email)).toMatchObject({ status: 'ACCEPTED', isFinal: true });
  await untilShared(server, names.length);
  await server.command('CONFIG', 'SET', 'maxmemory', 1);
  await vi.waitUntil(async () => (await pair.a.ready()).degraded.includes('REDIS'), 15_000);
  move();
  await notify(pair.a);
  await server.command('CONFIG', 'SET', 'maxmemory', 0);
  await untilConnected(server, [pair.a, pair.b], 15_000);
  const late = await pair.join();
  await untilConnected(server, [late]);
  for (const email of names) expect(await read(late, email)).toEqual(MOVED);
});

test('a notice that comes while a command is in doubt reaches Redis once the doubt is over', async () => {
  server.pause();
  // The first command that is lost; what comes now is not sent.
  await pair.a.query('{ reviewInvitation(invitationId: "review-sent") { status } }');
  await notify(pair.a);
  server.resume();
  await expect.poll(() => server.command('KEYS', 'gateway:notice:*'), { timeout: 5_000 }).toHaveLength(1);
});

test('where it cannot be told whether an invite was notified, what was shared of it is not believed', async () => {
  for (const email of names) await read(pair.a, email);
  await untilShared(server, names.length);
  move();
  await notify(pair.a);
  const notices = () => server.command('KEYS', 'gateway:notice:*') as Promise<string[]>;
  const [notice = ''] = await vi.waitUntil(async () => (await notices()).length > 0 && (await notices()));
  await server.command('DEL', notice);
  await server.command('RPUSH', notice, 'rubbish');
  const late = await pair.join();
  await untilConnected(server, [late]);
  expect(await read(late, null)).toEqual(MOVED);
});

test('the notice in Redis has no id and no address in it', async () => {
  await notify(pair.a);
  const keys = await vi.waitUntil(async () => {
    const found = (await server.command('KEYS', 'gateway:notice:*')) as string[];
    return found.length > 0 && found;
  });
  expect(keys).toHaveLength(1);
  expect(keys[0]).toMatch(/^gateway:notice:[\w-]{43}$/);
  expect(await server.command('GET', keys[0] ?? '')).toMatch(/^\d+(\.\d+)?$/);
  expect(await server.command('PTTL', keys[0] ?? '')).toBeGreaterThan(0);
});
