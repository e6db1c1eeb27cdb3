// Cronofy's notifications as they reach the gateway: which ones are accepted, what is answered, and what callers get
// afterwards.

import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CRONOFY_CLIENT_SECRET } from '../../src/sandbox/cronofy.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { subscribeTo } from '../live/subscriber.ts';

const ID = 'invite-pending';
const EMAIL = `${ID}@example.com`;
const REF = { smartInvite: { smartInviteId: ID, recipientEmail: EMAIL } };
const QUERY = `{ smartInvite(smartInviteId: "${ID}", recipientEmail: "${EMAIL}") { status isStale } }`;

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.stop());

const sign = (body: string, secret = CRONOFY_CLIENT_SECRET) =>
  createHmac('sha256', secret).update(body).digest('base64');

function notificationOf(status: string, type = 'smart_invite'): string {
  const reply = { email: EMAIL, status };
  return JSON.stringify({
    notification: { type },
    smart_invite: { smart_invite_id: ID, recipient: reply, reply },
  });
}

async function post(body: string, signature: string | null = sign(body), path = '/webhooks/cronofy') {
  const response = await fetch(`${gateway.origin}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(signature === null ? {} : { 'cronofy-hmac-sha256': signature }),
    },
    body,
  });
  return { status: response.status, text: await response.text() };
}

const calls = () => gateway.sandbox.cronofy.calls.filter(({ target }) => target.includes(ID));

describe('a notification that is signed', () => {
  test('is accepted before any upstream call is answered', async () => {
    gateway.sandbox.cronofy.misbehave({ mode: 'hang' });
    expect((await post(notificationOf('accepted'))).status).toBe(200);
    await vi.waitUntil(() => calls().length > 0);
    expect((await post(notificationOf('declined'))).status).toBe(200);
  });

  test('is accepted with a list of digests, one of which is valid', async () => {
    const body = notificationOf('accepted');
    expect((await post(body, `${sign(body, 'another')},${sign(body)}`)).status).toBe(200);
  });

  test('is accepted with the older secret while it is rotated', async () => {
    await gateway.stop();
    gateway = await startTestGateway({ environment: { CRONOFY_CLIENT_SECRET: `${CRONOFY_CLIENT_SECRET},older` } });
    const body = notificationOf('accepted');
    expect((await post(body, sign(body, 'older'))).status).toBe(200);
    expect((await post(body)).status).toBe(200);
    expect((await post(body, sign(body, `${CRONOFY_CLIENT_SECRET},older`))).status).toBe(401);
  });

  test.each([
    ['is not JSON', '{"notification":'],
    ['is of another type', notificationOf('accepted', 'change')],
    ['is empty', ''],
  ])('but %s is accepted and has no effect', async (_, body) => {
    expect((await post(body)).status).toBe(200);
    // Another one behind it has its effect: by then this one would have had its own.
    const other = notificationOf('accepted').replaceAll(ID, 'invite-tentative');
    expect((await post(other)).status).toBe(200);
    await vi.waitUntil(() => gateway.sandbox.cronofy.calls.length > 0);
    expect(calls()).toEqual([]);
  });

  test.each([
    ['an id of 10 KB', { smart_invite_id: `${ID}${'x'.repeat(10_240)}` }],
    ['an id with control characters', { smart_invite_id: `${ID}\r\nX: y` }],
    ['an address of 10 KB', { recipient: { email: `${'x'.repeat(10_240)}${EMAIL}`, status: 'accepted' } }],
    ['an address with control characters', { recipient: { email: `${EMAIL}\u0000`, status: 'accepted' } }],
  ])('but names an invite by %s is taken, counted, and not read', async (_, named) => {
    const smart_invite = { smart_invite_id: ID, reply: { email: EMAIL, status: 'accepted' }, ...named };
    const body = JSON.stringify({ notification: { type: 'smart_invite' }, smart_invite });
    for (let n = 0; n < 3; n++) expect((await post(body)).status).toBe(200);
    expect((await post(notificationOf('accepted').replaceAll(ID, 'invite-tentative'))).status).toBe(200);
    await vi.waitUntil(() => gateway.sandbox.cronofy.calls.length > 0);
    expect(calls()).toEqual([]);
    const lines = gateway.log.filter((line) => line.includes('ignored')).map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ level: 30, count: 1, total: 1 }]);
    expect(gateway.log.join()).not.toContain(ID);
  });
});

describe('a notification that is not signed', () => {
  const body = notificationOf('accepted');
  test.each([
    ['has no signature', body, null],
    ['has a short one', body, sign(body).slice(0, 20)],
    ['has a hexadecimal one', body, createHmac('sha256', CRONOFY_CLIENT_SECRET).update(body).digest('hex')],
    ['has an oversized one', body, 'A'.repeat(8_000)],
    ['lists too many', body, [...Array.from({ length: 100 }, () => sign(body, 'another')), sign(body)].join(',')],
    ['is signed with another secret', body, sign(body, 'another')],
    ['has one bit flipped', body.replace('accepted', 'accepteD'), sign(body)],
    ['was serialized again', JSON.stringify(JSON.parse(body), null, 1), sign(body)],
    ['is not JSON either', '{', null],
  ])('because it %s is refused with a constant body, and has no effect', async (_, sent, signature) => {
    expect(await post(sent, signature)).toEqual({ status: 401, text: '{"error":"The signature does not fit."}' });
    expect((await post(notificationOf('accepted').replaceAll(ID, 'invite-tentative'))).status).toBe(200);
    await vi.waitUntil(() => gateway.sandbox.cronofy.calls.length > 0);
    expect(calls()).toEqual([]);
    expect(gateway.log.join()).not.toContain(EMAIL);
  });
});

describe('the routes', () => {
  test.each([
    ['/webhooks/cronofy', 200],
    ['/webhooks/cronofy/default', 200],
    ['/webhooks/cronofy?x=y', 200],
    ['/webhooks/cronofy/another', 404],
    ['/webhooks/cronofy/default/more', 404],
    ['/webhooks/partoo', 404],
    ['/webhooks/nobody', 404],
    ['/webhooks/', 404],
    ['/webhooks', 404],
  ])('%s answers %i', async (path, status) => {
    expect((await post(notificationOf('accepted'), undefined, path)).status).toBe(status);
  });

  test('accept only POST', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await fetch(`${gateway.origin}/webhooks/cronofy`, { method })).status).toBe(405);
    }
  });

  test('accept no more than 64 KiB, signed or not', async () => {
    const limit = 64 * 1024;
    expect((await post(' '.repeat(limit))).status).toBe(200);
    expect((await post(' '.repeat(limit + 1))).status).toBe(413);
    expect((await post(' '.repeat(limit + 1), null)).status).toBe(413);
  });
});

describe('callers', () => {
  test('get the true state in the end, whatever was replayed and in whatever order, for one call a second at most', async () => {
    const stream = subscribeTo(gateway.origin, [REF]);
    await stream.first(1);
    const startedAt = performance.now();
    const before = calls().length;
    // Accept, decline, accept: the first and the last are the same to the byte. The truth is the last.
    for (const status of ['accepted', 'declined', 'accepted'])
      gateway.sandbox.cronofy.reply(ID, { email: EMAIL, status });
    const { length } = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => post(notificationOf(n % 2 ? 'accepted' : 'declined'))),
    );
    expect(length).toBe(1_000);
    // What came last says something else than the truth.
    expect((await post(notificationOf('declined'))).status).toBe(200);
    const sentAt = performance.now();
    await vi.waitUntil(() => performance.now() - sentAt > 2_500 && stream.events.at(-1)?.invitation.isStale === false);
    expect(stream.events.at(-1)?.invitation).toMatchObject({ status: 'ACCEPTED', isStale: false });
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(calls().length - before).toBeGreaterThan(0);
    expect(calls().length - before).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  });

  test('get the state of the notification as stale while the provider is down, and the true state afterwards', async () => {
    const stream = subscribeTo(gateway.origin, [REF]);
    await stream.first(1);
    gateway.sandbox.cronofy.misbehave({ status: 503 });
    gateway.sandbox.cronofy.reply(ID, { email: EMAIL, status: 'accepted' });
    const told = await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    expect(told.invitation.isStale).toBe(true);
    expect((await gateway.query(QUERY)).data.smartInvite).toEqual({ status: 'ACCEPTED', isStale: true });

    gateway.sandbox.cronofy.misbehave(undefined);
    await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED' && !invitation.isStale);
    expect((await gateway.query(QUERY)).data.smartInvite).toEqual({ status: 'ACCEPTED', isStale: false });
  }, 40_000);

  test('get the true state without a subscription: a background read follows when the provider is back', async () => {
    expect((await gateway.query(QUERY)).data.smartInvite.status).toBe('PENDING');
    gateway.sandbox.cronofy.misbehave({ status: 503 });
    gateway.sandbox.cronofy.reply(ID, { email: EMAIL, status: 'declined' });
    const shown = async () => (await gateway.query(QUERY)).data.smartInvite;
    await vi.waitUntil(async () => (await shown()).status === 'DECLINED');
    expect(await shown()).toEqual({ status: 'DECLINED', isStale: true });
    gateway.sandbox.cronofy.misbehave(undefined);
    gateway.takeCalls();
    // No caller asks meanwhile.
    await vi.waitUntil(() => calls().some(({ status }) => status === 200));
    await vi.waitUntil(async () => !(await shown()).isStale);
    expect(await shown()).toEqual({ status: 'DECLINED', isStale: false });
  }, 40_000);

  test('get a change that happened during a read: another read follows', async () => {
    await gateway.stop();
    // The answer is made when the call arrives, and comes late: what changes in between is not in it.
    gateway = await startTestGateway({ sandbox: { cronofy: { latencyMs: 500 } } });
    const asking = gateway.query(QUERY);
    await vi.waitUntil(() => calls().length === 1, { interval: 1 });
    gateway.sandbox.cronofy.reply(ID, { email: EMAIL, status: 'declined' });
    await asking;
    await vi.waitUntil(() => calls().length === 2);
    await vi.waitUntil(async () => (await gateway.query(QUERY)).data.smartInvite.status === 'DECLINED');
    expect(calls()).toHaveLength(2);
  });
});
