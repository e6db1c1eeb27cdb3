// Two gateways on one Redis, in front of one account at each provider: to callers, subscribers and providers they are one.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { invite, review, type Subscriber, subscribeTo } from '../live/subscriber.ts';
import { type Pair, readInvite, readReview, startPair, untilConnected, untilShared } from './pair.ts';
import { type RedisServer, startRedisServer } from './server.ts';

const GUEST = 'invite-pending@example.com';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

let pair: Pair;
beforeEach(() => start());
afterEach(async () => {
  await pair.stop();
  await server.command('FLUSHALL');
});

async function start(environment = {}): Promise<void> {
  pair = await startPair(server.url, environment);
  await untilConnected(server, [pair.a, pair.b]);
}

/** The same pair, set otherwise. */
async function restart(environment: object): Promise<void> {
  await pair.stop();
  await start(environment);
}

const accept = () => pair.sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'accepted' });

describe('an answer that one gateway has read', () => {
  test('is given by the other without an upstream call', async () => {
    const read = await readReview(pair.a, 'review-sent');
    await readInvite(pair.a, 'invite-pending');
    await untilShared(server, 2);
    expect(await readReview(pair.b, 'review-sent')).toEqual(read);
    expect(await readInvite(pair.b, 'invite-pending')).toMatchObject({ status: 'PENDING', isStale: false });
    expect(pair.calls()).toHaveLength(2);
  });

  test('is given by a gateway that starts later, without an upstream call and with its true age', async () => {
    const OBSERVED = '{ reviewInvitation(invitationId: "review-sent") { observedAt } }';
    const { data } = await pair.a.query(OBSERVED);
    await untilShared(server, 1);
    const late = await pair.join();
    await untilConnected(server, [pair.a, pair.b, late]);
    expect((await late.query(OBSERVED)).data).toEqual(data);
    expect(pair.calls()).toHaveLength(1);
  });

  test('is read again for a caller that wants the provider’s own answer', async () => {
    await readReview(pair.a, 'review-sent');
    await untilShared(server, 1);
    await pair.b.query('{ reviewInvitation(invitationId: "review-sent", maxAgeSeconds: 0) { status } }');
    expect(pair.calls()).toHaveLength(2);
  });

  test('is not given where the attachment is selected, which is not shared', async () => {
    const query = '{ smartInvite(smartInviteId: "invite-pending") { attachments { icalendar } } }';
    await readInvite(pair.a, 'invite-pending');
    await untilShared(server, 1);
    const { data } = await pair.b.query(query);
    expect(data.smartInvite.attachments.icalendar).toContain('BEGIN:VCALENDAR');
  });

  test('is not given by a gateway with another account on the same Redis', async () => {
    await readReview(pair.a, 'review-sent');
    await untilShared(server, 1);
    const other = await startPair(server.url);
    try {
      await untilConnected(server, [other.a, other.b]);
      await readReview(other.a, 'review-sent');
      expect(other.calls()).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });
});

describe('a notification to one gateway', () => {
  test.each([
    ['by its recipient, for one read', { smartInvite: { smartInviteId: 'invite-pending', recipientEmail: GUEST } }, 1],
    // The one that was notified does not know which of the two the other watches.
    ['as a whole, for two reads', invite('invite-pending'), 2],
  ])('reaches a subscriber of the other who watches the invite %s', async (_, ref, reads) => {
    const stream = subscribeTo(pair.b.origin, [ref]);
    await stream.first(1);
    pair.sandbox.cronofy.forgetCalls();
    accept();
    const { invitation } = await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    expect(invitation.recipients).toEqual([{ email: GUEST, status: 'ACCEPTED', comment: null }]);
    await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED' && !invitation.isStale);
    expect(pair.calls().length).toBeGreaterThan(0);
    expect(pair.calls().length).toBeLessThanOrEqual(reads);
  });

  test('reaches a subscriber of the other as not confirmed where the quota is used up', async () => {
    await restart({ CRONOFY_QUOTA: '1/600s' });
    const stream = subscribeTo(pair.b.origin, [invite('invite-pending')]);
    await stream.first(1);
    accept();
    const { invitation } = await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    expect(invitation).toMatchObject({ isStale: true, recipients: [{ email: GUEST, status: 'ACCEPTED' }] });
    expect(pair.calls()).toHaveLength(1);
  });

  test('is confirmed to subscribers of both when the quota allows a read', async () => {
    await restart({ CRONOFY_QUOTA: '1/2s' });
    const streams = [pair.a, pair.b].map(({ origin }) => subscribeTo(origin, [invite('invite-pending')]));
    await Promise.all(streams.map((stream) => stream.first(1)));
    accept();
    for (const stream of streams) {
      await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED' && !invitation.isStale);
    }
    expect(pair.sandbox.cronofy.calls.every(({ status }) => status === 200)).toBe(true);
  });

  test('that is forged reaches no subscriber', async () => {
    const stream = subscribeTo(pair.b.origin, [invite('invite-pending')]);
    await stream.first(1);
    const body = JSON.stringify({
      notification: { type: 'smart_invite' },
      smart_invite: { smart_invite_id: 'invite-pending', recipient: { email: GUEST, status: 'declined' } },
    });
    const headers = { 'cronofy-hmac-sha256': Buffer.alloc(32).toString('base64') };
    const response = await fetch(`${pair.a.origin}/webhooks/cronofy`, { method: 'POST', headers, body });
    expect(response.status).toBe(401);
    // What comes after it has overtaken nothing.
    accept();
    await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    expect(stream.events.map(({ invitation }) => invitation.status)).not.toContain('DECLINED');
  });
});

describe('a change without a notification costs one read, though both processes watch', () => {
  const ref = review('review-waiting-1');

  test('since different moments', async () => {
    const first = subscribeTo(pair.a.origin, [ref]);
    await first.first(1);
    await untilShared(server, 1);
    pair.sandbox.partoo.misbehave({ delayMs: 300, times: 1 });
    await readReview(pair.b, 'review-created');
    const second = subscribeTo(pair.b.origin, [ref]);
    await second.first(1);
    await expectOneRead([first, second]);
  });

  test('since the same moment', async () => {
    const streams = [pair.a, pair.b].map(({ origin }) => subscribeTo(origin, [ref]));
    await Promise.all(streams.map((stream) => stream.first(1)));
    pair.sandbox.partoo.misbehave({ delayMs: 120 });
    await expectOneRead(streams);
  });

  async function expectOneRead(streams: readonly Subscriber[]): Promise<void> {
    pair.sandbox.partoo.forgetCalls();
    // Final, so that it is not read once more.
    pair.sandbox.partoo.put({ invitation_id: 'review-waiting-1', status: 'DELIVERED' });
    for (const stream of streams) {
      expect(await stream.completed).toBe('completed');
      expect(stream.events.map(({ invitation }) => invitation.deliveryStatus)).toEqual(['SENT', 'DELIVERED']);
    }
    expect(pair.calls()).toHaveLength(1);
  }
});

test('a caller’s share of the quota holds over both: what it has had of one, it does not get of the other', async () => {
  await restart({ PARTOO_QUOTA: '10/600s' });
  const ids = Array.from({ length: 15 }, (_, n) => `review-${n}`);
  for (const invitation_id of ids) pair.sandbox.partoo.put({ invitation_id, status: 'SENT' });
  // The first answers are slow, and the gateway does not wait for a slow Redis.
  for (const gateway of [pair.a, pair.b]) await readInvite(gateway, 'invite-pending');
  pair.sandbox.cronofy.forgetCalls();
  const read = async (gateway: Pair['a'], some: readonly string[]) => {
    const answers: unknown[] = [];
    for (const id of some) answers.push(await readReview(gateway, id));
    return answers.filter((answer) => answer !== 'PROVIDER_RATE_LIMITED').length;
  };
  // Two fifths of the window at once, and the first call that is spread evenly.
  expect(await read(pair.a, ids.slice(0, 8))).toBe(5);
  expect(await read(pair.b, ids.slice(8))).toBe(0);
  // What was refused is read in the background, and the reserve stays.
  await vi.waitUntil(() => pair.calls().length === 9);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(pair.calls()).toHaveLength(9);
});

test('a 429 to one gateway keeps the other from calling that provider', async () => {
  pair.sandbox.partoo.misbehave({ status: 429, headers: { 'retry-after': '60' }, times: 1 });
  expect(await readReview(pair.a, 'review-sent')).toBe('PROVIDER_RATE_LIMITED');
  await vi.waitUntil(async () => ((await server.command('KEYS', 'gateway:{*}:gate')) as string[]).length === 1);
  expect(await readReview(pair.b, 'review-created')).toBe('PROVIDER_RATE_LIMITED');
  expect(pair.calls()).toHaveLength(1);
});

test('no Redis key or channel has an address, an id or a credential in its name', async () => {
  const streams = [pair.a, pair.b].map(({ origin }) => subscribeTo(origin, [invite('invite-pending')]));
  await Promise.all(streams.map((stream) => stream.first(1)));
  const ADDRESSED = `query($id: ID!, $email: String!) {
    smartInvite(smartInviteId: $id, recipientEmail: $email) { recipients { email } }
  }`;
  await pair.a.query(ADDRESSED, { id: 'board-meeting', email: 'cronofy@example.com' });
  await pair.b.query(ADDRESSED, { id: 'invite-pending', email: GUEST });
  await readReview(pair.b, 'review-sent');
  accept();
  await Promise.all(streams.map((stream) => stream.until(({ invitation }) => invitation?.status === 'ACCEPTED')));
  await untilShared(server, 4);
  const names = [
    ...((await server.command('KEYS', '*')) as string[]),
    ...((await server.command('PUBSUB', 'CHANNELS')) as string[]),
  ];
  expect(names.length).toBeGreaterThanOrEqual(8);
  for (const name of names) {
    expect(name).toMatch(/^gateway:(\{[\w.-]+\}|[a-z]+):[\w.-]+$/);
    expect(name).not.toMatch(/@|%40|example|invite-pending|board|review-sent|sandbox/);
  }
  // Every key has an expiry.
  for (const key of (await server.command('KEYS', '*')) as string[]) {
    expect(await server.command('PTTL', key)).toBeGreaterThan(0);
  }
});
