// The form of what processes share, to the letter. Processes of two versions run beside each other on one Redis while one
// replaces the other: where this test fails, the other one does not understand this one any more.
//
// Snapshots, notices, claims, what was learned and notifications: raise FORMAT (gateway/tenant.ts), so that the two versions
// keep apart, put the new form in `format.json`, and tell of it in CHANGELOG.md. Quotas: their keys have no number, because
// the calls of both versions must be counted together. Read the older form too; where that cannot be, say in CHANGELOG.md
// that the older processes are to be stopped first.

import { readFileSync } from 'node:fs';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createRedis } from '../../src/redis/redis.ts';
import { digestOf, nameOfCall } from '../../src/upstream/call-name.ts';
import { type Answer, createRedisCalls } from '../../src/upstream/redis-calls.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { invite, subscribeTo } from '../live/subscriber.ts';
import { type RedisServer, startRedisServer } from './server.ts';
import { type WatchedRedis, watchRedis } from './shape.ts';

interface Form {
  readonly keys: Readonly<Record<string, readonly string[]>>;
  readonly messages: Readonly<Record<string, readonly string[]>>;
}

const FORM: { readonly invitations: Form; readonly quota: Form } = JSON.parse(
  readFileSync(new URL('./format.json', import.meta.url), 'utf8'),
);

let server: RedisServer;
let redis: WatchedRedis;
beforeEach(async () => {
  server = await startRedisServer();
  onTestFinished(() => server.stop());
  redis = await watchRedis(server.url);
  onTestFinished(() => redis.stop());
});

async function start(environment = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({
    environment: { REDIS_URL: server.url, PARTOO_ACCOUNT: 'form', CRONOFY_ACCOUNT: 'form', ...environment },
  });
  onTestFinished(() => gateway.stop());
  const degraded = async () =>
    ((await (await fetch(`${gateway.origin}/ready`)).json()) as { degraded: string[] }).degraded;
  await vi.waitUntil(async () => !(await degraded()).includes('REDIS'), 5_000);
  return gateway;
}

const statusOf = async ({ query }: TestGateway, id: string) =>
  (await query(`{ reviewInvitation(invitationId: "${id}") { rawStatus } }`)).data?.reviewInvitation?.rawStatus;

/** Of these names alone. */
function told(notes: ReadonlyMap<string, ReadonlySet<string>>, names: RegExp): Record<string, readonly string[]> {
  const named = [...notes].filter(([name]) => names.test(name));
  return Object.fromEntries(named.map(([name, texts]) => [name, [...texts].sort()]));
}

test('what is shared of invitations has the form of its number', async () => {
  const gateway = await start();
  await statusOf(gateway, 'review-sent');
  const stream = subscribeTo(gateway.origin, [invite('invite-pending')]);
  await stream.first(1);
  const reply = { email: 'invite-pending@example.com', status: 'accepted' };
  gateway.sandbox.cronofy.reply('invite-pending', reply);
  await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
  const [channel = ''] = Object.keys(FORM.invitations.messages).filter((name) => name.startsWith('gateway:snapshots:'));
  // What the notification says is told at once, and shared when it has been read.
  await vi.waitUntil(() => [...(redis.messages.get(channel) ?? [])].some((text) => text.includes('ACCEPTED')), 10_000);
  await redis.look();
  expect(told(redis.keys, /^gateway:(snapshot|notice):/)).toEqual(FORM.invitations.keys);
  expect(told(redis.messages, /^gateway:(snapshots|notifications):/)).toEqual(FORM.invitations.messages);
});

/** What stands in the file of the form, as a process would write it now. */
function written(part: string, change = (text: string) => text): readonly [key: string, text: string][] {
  return Object.entries(FORM.invitations.keys)
    .filter(([key]) => key.startsWith(part))
    .map(([key, [text = '']]) => {
      const filled = text.slice('string: '.length, -', for a while'.length).replaceAll('<moment>', String(Date.now()));
      return [key, change(filled.replaceAll('<date>', new Date().toISOString()).replaceAll('<port>', '1'))];
    });
}

const write = async (entries: readonly [string, string][]) => {
  for (const [key, text] of entries) await server.command('SET', key, text, 'PX', 60_000);
};

const INVITE = '{ smartInvite(smartInviteId: "invite-pending") { status } }';

test.each([
  ['in this form', (text: string) => text],
  ['with what a later version adds', (text: string) => text.replace(/^\{/, '{"later":{"a":1},')],
  ['without what an earlier one does not have', (text: string) => text.replace(/,"sinceAt":\d+/, '')],
])('what another process has read is given without a call, %s', async (_, change) => {
  const entries = written('gateway:snapshot:', change);
  expect(entries).toHaveLength(2);
  await write(entries);
  const gateway = await start();
  expect(await statusOf(gateway, 'review-sent')).toBe('SENT');
  expect((await gateway.query(INVITE)).data.smartInvite.status).toBe('ACCEPTED');
  expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
});

test('what is written in another form is read from the provider, and replaced', async () => {
  const entries = written('gateway:snapshot:', (text) => text.replace(/"type":"\w+"/, '"kind":7'));
  await write(entries);
  const gateway = await start();
  expect(await statusOf(gateway, 'review-sent')).toBe('SENT');
  expect((await gateway.query(INVITE)).data.smartInvite.status).toBe('PENDING');
  const calls = gateway.takeCalls();
  expect([calls.partoo.length, calls.cronofy.length]).toEqual([1, 1]);
  const [key = ''] = entries[0] ?? [];
  await vi.waitUntil(async () => String(await server.command('GET', key)).includes('"type"'), 5_000);
});

test('a process of another format is not heard, and shares nothing', async () => {
  const gateway = await start();
  await statusOf(gateway, 'review-sent');
  const channels = (await server.command('PUBSUB', 'CHANNELS', 'gateway:*')) as string[];
  const ours = channels.filter((name) => /^gateway:(snapshots|notifications):/.test(name));
  expect(ours.map((name) => name.split(':')[2])).toEqual(['2.cronofy.form.partoo.form', '2.cronofy.form.partoo.form']);
});

/** Redis, the calls of an account of two in ten minutes, and two processes that make them. */
async function startCalls() {
  const client = createRedis(server.url, () => undefined);
  onTestFinished(() => client.close());
  await vi.waitUntil(() => client.isUp(), 5_000);
  const of = (process: string) =>
    createRedisCalls({
      redis: client,
      windows: () => [{ limit: 2, lent: 2, windowMs: 600_000 }],
      accountId: 'partoo.form',
      process,
    });
  return [of('one'), of('other')] as const;
}

const taken = (answer: Answer | undefined) => (typeof answer === 'object' ? answer.taken : undefined);

const SPREAD = [{ gapMs: 1, burst: 2 }];
const called = (process: string, number: number) => ({
  name: nameOfCall(process, number, 'caller', digestOf('partoo.form', '192.0.2.7')),
  rank: 1 as const,
  patienceMs: 600_000,
  spread: SPREAD,
});

test('the calls of an account are written and told in the one form that all versions count', async () => {
  const [one, other] = await startCalls();
  expect(await one.take([called('one', 1), called('one', 2)], 0, 0)).toMatchObject({ taken: 1 });
  // The second one is spread, by a millisecond.
  const second = async () => taken(await one.take([called('one', 2)], 0, 1)) === 1;
  await vi.waitUntil(second, { interval: 5 });
  expect(taken(await other.take([called('other', 1)], 10, 2))).toBe(0);
  expect(await one.move(called('one', 1).name)).toBe(true);
  other.close(5_000);
  await vi.waitUntil(() => redis.messages.get('gateway:{partoo.form}:calls')?.has('other closed 5000'), 5_000);
  await redis.look();
  expect(told(redis.keys, /\{/)).toEqual(FORM.quota.keys);
  expect(told(redis.messages, /\{/)).toEqual(FORM.quota.messages);
});

test('calls that another version names otherwise are counted, by those who run and those who start', async () => {
  const environment = { PARTOO_QUOTA: '6/60s' };
  const running = await start(environment);
  const others = Array.from({ length: 5 }, (_, n) => [Date.now(), `v9|${n}`]).flat();
  await server.command('ZADD', 'gateway:{partoo.form}:calls', ...others);
  const gateways = [running, await start(environment)];
  await Promise.all(gateways.flatMap((gateway) => ['a', 'b', 'c', 'd'].map((id) => statusOf(gateway, id))));
  const made = gateways.map((gateway) => gateway.takeCalls().partoo.length);
  expect(made.reduce((sum, calls) => sum + calls)).toBeLessThanOrEqual(1);
});
