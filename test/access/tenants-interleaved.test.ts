// Two tenants with the same ids, a thousand times in turn, at two processes with one Redis: over what is kept, reads that are
// shared, the loader, Redis, notifications and streams. Everything that a provider says names its tenant: nothing of one
// is ever given to the other's viewers.

import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { subscribeTo } from '../live/subscriber.ts';
import { untilShared } from '../redis/pair.ts';
import { type RedisServer, startRedisServer } from '../redis/server.ts';
import {
  inviteOf,
  NAMES,
  type Name,
  notificationOf,
  serve,
  startWorld,
  tokenOf,
  WEBHOOK_SECRETS,
  writeTenants,
} from './tenants.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis.stop());
beforeEach(() => redis.command('FLUSHALL'));

/** The same numbers each time. */
function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const IDS = Array.from({ length: 12 }, (_, n) => `order-${n}`);
/** Those that one tenant alone has. */
const OWN: Readonly<Record<Name, readonly string[]>> = { acme: ['acme-only'], beta: ['beta-only'] };
const STATUSES = ['pending', 'accepted', 'tentative', 'declined'];

const PAGE = `query($refs: [InvitationRef!]!, $age: Int) {
  invitations(refs: $refs, maxAgeSeconds: $age) {
    id
    ... on ReviewInvitation { rawStatus }
    ... on SmartInvite { event { summary } attachments { icalendar } }
  }
}`;
const EVENTS =
  '... on ReviewInvitation { rawStatus } ... on SmartInvite { event { summary } attachments { icalendar } }';

const refsOf = (ids: readonly string[]) => [
  ...ids.map((invitationId) => ({ reviewInvitation: { invitationId } })),
  ...ids.map((smartInviteId) => ({ smartInvite: { smartInviteId } })),
];

interface Seen {
  readonly rawStatus?: string;
  readonly event?: { readonly summary: string };
  readonly attachments?: { readonly icalendar: string } | null;
}

/** Whose an answer is, by all that it says. */
const ownersOf = ({ rawStatus, event, attachments }: Seen): string[] => [
  ...[rawStatus, event?.summary].flatMap((text) => (text === undefined ? [] : [text.split(' ')[0] ?? ''])),
  ...(attachments ? NAMES.filter((name) => attachments.icalendar.includes(name)) : []),
];

test('a thousand operations of two tenants in turn are never crossed', { timeout: 120_000 }, async () => {
  const { sandboxes, members, environment } = await startWorld();
  // Accounts of one name: in Redis only the tenants' names tell apart what is shared of them.
  const [acme, beta] = NAMES.map((name) => ({
    partoo: { ...members[name].partoo, account: 'main' },
    cronofy: { ...members[name].cronofy, account: 'main' },
  }));
  const file = writeTenants({ acme, beta });
  const set = {
    ...environment,
    TENANTS_FILE: file.path,
    REDIS_URL: redis.url,
    PROCESSES: '2',
    // Little is fresh for long: that it is read again, here and there, is what is tried.
    FRESH_SECONDS: '0.05',
    FINAL_SECONDS: '0.05',
    REVALIDATE_SECONDS: '0.1',
    NOT_FOUND_SECONDS: '0.02',
  };
  const served = await Promise.all([serve(set), serve(set)]);
  const tokens = { acme: tokenOf('acme'), beta: tokenOf('beta') };
  const dice = createDice(20_26);
  const pick = <T>(all: readonly T[]): T => all[dice(all.length)] as T;

  let changes = 0;
  const change = (name: Name, id: string) => {
    changes += 1;
    sandboxes[name].partoo.put({ invitation_id: id, status: `${name} ${changes}` });
    sandboxes[name].cronofy.put(inviteOf(name, id, pick(STATUSES)));
  };
  for (const name of NAMES) for (const id of [...IDS, ...OWN[name]]) change(name, id);

  const streams = served.flatMap(({ origin }) =>
    NAMES.map((name) => ({
      name,
      stream: subscribeTo(origin, refsOf(IDS), EVENTS, { authorization: `Bearer ${tokens[name]}` }),
    })),
  );
  await Promise.all(streams.map(({ stream }) => stream.first(IDS.length)));

  const seen = { acme: 0, beta: 0 };
  async function read(name: Name): Promise<void> {
    const ids = [pick(IDS), pick(IDS), pick(OWN.acme), pick(OWN.beta)];
    const variables = { refs: refsOf(ids), age: pick([null, null, 0, 5]) };
    const { data, errors } = await pick(served).query(tokens[name], PAGE, variables);
    // Where Redis is too slow, a process keeps to its own share of the quota: that is no answer, and of nobody.
    const failed = new Set(errors?.map(({ path }) => path?.[1]));
    for (const [n, answer] of (data.invitations as (Seen | null)[]).entries()) {
      if (failed.has(n)) continue;
      const isThere = IDS.includes(ids[n % 4] ?? '') || OWN[name].includes(ids[n % 4] ?? '');
      expect(answer !== null, `${name} ${ids[n % 4]}`).toBe(isThere);
      if (answer === null) continue;
      expect(new Set(ownersOf(answer))).toEqual(new Set([name]));
      seen[name] += 1;
    }
  }

  async function tell(name: Name): Promise<void> {
    const id = pick(IDS);
    change(name, id);
    const body = notificationOf(id, pick(STATUSES));
    expect(await pick(served).notify(`/webhooks/cronofy/${name}`, body, WEBHOOK_SECRETS[name])).toBe(200);
  }

  const AT_ONCE = 20;
  for (let done = 0; done < 1_000; done += AT_ONCE) {
    const begun = Array.from({ length: AT_ONCE }, (_, n) => {
      const name = NAMES[n % 2] ?? 'acme';
      return dice(8) === 0 ? tell(name) : read(name);
    });
    await Promise.all(begun);
  }
  expect(seen.acme).toBeGreaterThan(1_000);
  expect(seen.beta).toBeGreaterThan(1_000);

  // Each stream got news, and of its own tenant alone.
  for (const { stream } of streams) await vi.waitUntil(() => stream.events.length > 2 * IDS.length);
  for (const { name, stream } of streams) {
    for (const { invitation } of stream.events) {
      if (!invitation) continue;
      expect(new Set(ownersOf(invitation))).toEqual(new Set([name]));
    }
  }

  // What they share in Redis is a key each, and no name of an invitation or of a person.
  const keys = (await redis.command('KEYS', '*')) as string[];
  expect(keys.filter((key) => key.startsWith('gateway:snapshot:')).length).toBeGreaterThanOrEqual(4 * IDS.length);
  expect(keys.filter((key) => /order-|ann@/.test(key))).toEqual([]);
});

test('tenants that are not asked for have no channel in Redis, no connection and no timer', async () => {
  const { sandboxes, members, environment } = await startWorld();
  const count = async (tenants: object) => {
    const file = writeTenants(tenants);
    const [timers, intervals] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'setInterval')];
    const { query } = await serve({ ...environment, TENANTS_FILE: file.path });
    const started = timers.mock.calls.length + intervals.mock.calls.length;
    timers.mockRestore();
    intervals.mockRestore();
    return { query, started };
  };
  const thousand = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`tenant-${n}`, members.acme]));
  expect((await count(thousand)).started).toBe((await count(members)).started);

  const file = writeTenants({ ...thousand, ...members });
  const { query, ready } = await serve({ ...environment, TENANTS_FILE: file.path, REDIS_URL: redis.url });
  await vi.waitUntil(async () => !(await ready()).degraded.includes('REDIS'));
  const channels = async () => ((await redis.command('PUBSUB', 'CHANNELS', 'gateway:*')) as string[]).toSorted();
  const own = async () => (await channels()).filter((channel) => /:(acme|beta|tenant-\d+)\//.test(channel));
  expect(await own()).toEqual([]);
  expect(sandboxes.acme.partoo.calls).toEqual([]);
  await query(tokenOf('acme'), '{ reviewInvitation(invitationId: "one") { id } }');
  expect(await own()).toEqual([
    expect.stringMatching(/^gateway:notifications:acme\//),
    expect.stringMatching(/^gateway:snapshots:acme\//),
  ]);
});

test('one account of two tenants is one quota and two sets of snapshots in Redis, too', async () => {
  const { sandboxes, members, environment } = await startWorld('3/60s');
  const { partoo } = members.acme;
  const file = writeTenants({ acme: { partoo }, twin: { partoo } });
  const set = { ...environment, TENANTS_FILE: file.path, REDIS_URL: redis.url, PROCESSES: '2', FAIR_RESERVE: '0' };
  const [a, b] = await Promise.all([serve(set), serve(set)]);
  await vi.waitUntil(
    async () => !(await a.ready()).degraded.includes('REDIS') && !(await b.ready()).degraded.includes('REDIS'),
  );
  sandboxes.acme.partoo.put({ invitation_id: 'one', status: 'acme' });
  const [acme, twin] = [tokenOf('acme'), tokenOf('twin')];
  const ONE = '{ reviewInvitation(invitationId: "one") { rawStatus } }';
  const calls = () => sandboxes.acme.partoo.calls.length;
  await a.query(acme, ONE);
  expect(calls()).toBe(1);
  await untilShared(redis, 1);
  // The other process has it out of Redis, and the other tenant has nothing of it.
  await vi.waitFor(async () => {
    expect((await b.query(acme, ONE)).data.reviewInvitation.rawStatus).toBe('acme');
    expect(calls()).toBe(1);
  });
  expect((await b.query(twin, ONE)).data.reviewInvitation.rawStatus).toBe('acme');
  expect(calls()).toBe(2);
  await a.query(twin, ONE);
  expect(calls()).toBe(2);
  await a.query(twin, '{ reviewInvitation(invitationId: "two") { rawStatus } }');
  expect(calls()).toBe(3);
  const { errors } = await b.query(acme, '{ reviewInvitation(invitationId: "three") { rawStatus } }');
  expect(errors?.[0]?.extensions.code).toBe('PROVIDER_RATE_LIMITED');
  expect(calls()).toBe(3);
});
