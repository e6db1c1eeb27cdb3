// Two gateways on one Redis, asked by viewers of some: what is not granted is not looked up there either, and what another
// process has shared is cut as what was read here is.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { bearer, SECRET } from '../access/tokens.ts';
import { invite, review, subscribeTo } from '../live/subscriber.ts';
import { DOORS } from '../server/doors.ts';
import { type Pair, type PairedGateway, startPair, untilConnected, untilShared } from './pair.ts';
import { type RedisServer, startRedisServer } from './server.ts';

const PAGE = `query($refs: [InvitationRef!]!) { invitations(refs: $refs) {
  externalId status ... on SmartInvite { recipients { email } replies { email } callbackUrl }
} }`;
const ANN = 'guest1@example.com';
const OWN = { smartInvite: { smartInviteId: 'team-lunch', recipientEmail: ANN } };
const REFS = [review('review-sent'), invite('team-lunch'), OWN];

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

let pair: Pair;
beforeEach(async () => {
  pair = await startPair(server.url, { AUTH_JWT_SECRET: SECRET });
  await untilConnected(server, [pair.a, pair.b]);
  // Everything is shared.
  await ask(pair.a, '*');
  await untilShared(server, REFS.length);
});
afterEach(async () => {
  await pair.stop();
  await server.command('FLUSHALL');
});

/** A gateway that has heard of none of it. */
async function late(): Promise<PairedGateway> {
  const joined = await pair.join();
  await untilConnected(server, [pair.a, pair.b, joined]);
  return joined;
}

const tokenOf = (invitations: unknown) => bearer({ sub: JSON.stringify(invitations), invitations });

async function ask({ origin }: PairedGateway, invitations: unknown): Promise<unknown> {
  const [post] = DOORS;
  const { body } = (await post?.ask(origin, tokenOf(invitations), { query: PAGE, variables: { refs: REFS } })) ?? {};
  expect(body.errors).toBeUndefined();
  return body.data.invitations;
}

/** How often any key was looked up so far. */
async function lookups(): Promise<number> {
  return Number(/cmdstat_get:calls=(\d+)/.exec(String(await server.command('INFO', 'commandstats')))?.[1] ?? 0);
}

test('what is not granted is looked up in Redis by no query and no stream, and what is granted is', async () => {
  const gateway = await late();
  const before = await lookups();
  const others = { review: ['else'], smart: ['else', { id: 'team-lunch', recipient: 'else@example.com' }] };
  expect(await ask(gateway, others)).toEqual([null, null, null]);
  const stream = subscribeTo(gateway.origin, REFS, undefined, { authorization: tokenOf(others) });
  expect(await stream.completed).toBe('completed');
  expect(stream.events).toEqual([]);
  expect(await lookups()).toBe(before);

  expect(await ask(gateway, { review: ['review-sent'] })).toEqual([
    { externalId: 'review-sent', status: 'PENDING' },
    null,
    null,
  ]);
  expect(await lookups()).toBeGreaterThan(before);
  expect(pair.calls()).toHaveLength(REFS.length);
});

test('what another process has shared is cut to the recipient that is granted', async () => {
  const gateway = await late();
  const recipients = [{ email: ANN }];
  expect(await ask(gateway, { smart: [{ id: 'team-lunch', recipient: ANN.toUpperCase() }] })).toEqual([
    null,
    null,
    { externalId: 'team-lunch', status: 'PENDING', recipients, replies: [], callbackUrl: null },
  ]);
  expect(await ask(gateway, '*')).toMatchObject([
    {},
    {},
    { recipients: [{ email: ANN }, { email: 'guest2@example.com' }] },
  ]);
  expect(pair.calls()).toHaveLength(REFS.length);
});

test('a change that another process was notified of reaches no stream that may not see it', async () => {
  const parts = { smart: [{ id: 'team-lunch', recipient: ANN }, 'invite-pending'] };
  const refs = [...REFS, invite('invite-pending')];
  const part = subscribeTo(pair.b.origin, refs, undefined, { authorization: tokenOf(parts) });
  const all = subscribeTo(pair.b.origin, refs, undefined, { authorization: tokenOf('*') });
  await Promise.all([part.first(2), all.first(4)]);
  pair.sandbox.cronofy.reply('team-lunch', { email: 'guest2@example.com', status: 'declined' });
  await all.until(({ invitation }) =>
    invitation.recipients?.some(
      (one: Record<string, string>) => one.email === 'guest2@example.com' && one.status === 'DECLINED',
    ),
  );
  pair.sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' });
  await part.until(({ invitation }) => invitation.status === 'ACCEPTED');
  expect(part.events.filter(({ invitation }) => invitation.smartInviteId === 'team-lunch')).toHaveLength(1);
  expect(JSON.stringify(part.events)).not.toContain('guest2');
});
