// Whose accounts are used: each tenant's own for its viewers, and nobody else's; what tenants share, and what they do not.

import { describe, expect, test, vi } from 'vitest';
import { invite, review, subscribeTo } from '../live/subscriber.ts';
import {
  INVITE,
  inviteOf,
  notificationOf,
  REVIEW,
  serve,
  startWorld,
  tokenOf,
  WEBHOOK_SECRETS,
  writeTenants,
} from './tenants.ts';
import { AUDIENCE, SECRET, sign } from './tokens.ts';

/** Both tenants behind one gateway. */
async function start(environment: object = {}) {
  const world = await startWorld();
  const file = writeTenants(world.members);
  const served = await serve({ ...world.environment, TENANTS_FILE: file.path, ...environment });
  return { ...world, ...served, acme: tokenOf('acme'), beta: tokenOf('beta') };
}

describe('a viewer', () => {
  test('gets its own tenant’s answer for an id that both have, and null for one that the other has', async () => {
    const { sandboxes, query, acme, beta } = await start();
    sandboxes.acme.partoo.put({ invitation_id: 'one', status: 'OF_ACME' });
    sandboxes.beta.partoo.put({ invitation_id: 'one', status: 'OF_BETA' });
    sandboxes.beta.partoo.put({ invitation_id: 'two', status: 'OF_BETA' });
    for (let times = 0; times < 3; times++) {
      expect((await query(acme, REVIEW, { id: 'one' })).data.reviewInvitation.rawStatus).toBe('OF_ACME');
      expect((await query(beta, REVIEW, { id: 'one' })).data.reviewInvitation.rawStatus).toBe('OF_BETA');
    }
    expect((await query(beta, REVIEW, { id: 'two' })).data.reviewInvitation.rawStatus).toBe('OF_BETA');
    expect((await query(acme, REVIEW, { id: 'two' })).data.reviewInvitation).toBeNull();
  });

  test('is told which providers its own tenant has, and how these fare', async () => {
    const world = await startWorld();
    const { partoo } = world.members.acme;
    const file = writeTenants({ acme: { partoo: { ...partoo, quota: '7/60s' } }, beta: world.members.beta });
    const { query } = await serve({ ...world.environment, TENANTS_FILE: file.path });
    const PROVIDERS = '{ providers { provider isConfigured quota { limit } } }';
    expect((await query(tokenOf('acme'), PROVIDERS)).data.providers).toEqual([
      { provider: 'CRONOFY', isConfigured: false, quota: null },
      { provider: 'PARTOO', isConfigured: true, quota: { limit: 7 } },
    ]);
    const { providers } = (await query(tokenOf('beta'), PROVIDERS)).data;
    expect(providers.map(({ isConfigured }: { isConfigured: boolean }) => isConfigured)).toEqual([true, true]);
  });

  test.each<[string, unknown]>([
    ['no tenant', undefined],
    ['an unknown one', 'gamma'],
    ['one as a list', ['acme']],
    ['what every object has', 'constructor'],
    ['the prototype', '__proto__'],
    ['a path', '../acme'],
    ['its own in capitals', 'ACME'],
    ['null', null],
  ])('whose token names %s is FORBIDDEN, in the same words', async (_, tenant) => {
    const { query } = await start();
    const { status, errors } = await query(sign({ tenant }), REVIEW, { id: 'one' });
    expect(status).toBe(403);
    expect(errors?.map(({ message, extensions }) => [message, extensions.code])).toEqual([
      ['The claim `tenant` does not name whose invitations are asked for.', 'FORBIDDEN'],
    ]);
  });
});

describe('a tenant’s own keys', () => {
  const ACME = 'a-secret-of-acme-with-32-bytes-or-more!';

  async function startWithKeys(environment: object = {}) {
    const world = await startWorld();
    const auth = { secrets: [{ env: 'ACME_SECRET' }], audience: 'acme-page' };
    const file = writeTenants({ acme: { ...world.members.acme, auth }, beta: world.members.beta });
    const set = { ...world.environment, ACME_SECRET: ACME, TENANTS_FILE: file.path, ...environment };
    const { query } = await serve(set);
    return async (tenant: string | undefined, secret: string, aud: string) =>
      (await query(sign({ tenant, aud }, { key: Buffer.from(secret) }), REVIEW, { id: 'one' })).status;
  }

  test('sign for it, and the gateway’s do not', async () => {
    const statusOf = await startWithKeys();
    expect(await statusOf('acme', ACME, 'acme-page')).toBe(200);
    expect(await statusOf('acme', ACME, AUDIENCE)).toBe(401);
    expect(await statusOf('acme', SECRET, AUDIENCE)).toBe(401);
    expect(await statusOf('acme', SECRET, 'acme-page')).toBe(401);
    expect(await statusOf('beta', SECRET, AUDIENCE)).toBe(200);
  });

  test.each(['beta', 'gamma', undefined])('sign for no other: %s', async (tenant) => {
    const statusOf = await startWithKeys();
    expect(await statusOf(tenant, ACME, 'acme-page')).toBe(401);
    expect(await statusOf(tenant, ACME, AUDIENCE)).toBe(401);
  });

  test('are fetched when a token of it comes first, and leave /ready to the gateway’s', async () => {
    const world = await startWorld();
    const auth = { jwksUrl: 'http://127.0.0.1:1/jwks' };
    const file = writeTenants({ acme: { ...world.members.acme, auth }, beta: world.members.beta });
    const { query, ready } = await serve({ ...world.environment, TENANTS_FILE: file.path });
    expect((await ready()).status).toBe('ready');
    const token = sign({ tenant: 'acme' }, { header: { alg: 'HS256' } });
    expect((await query(token, REVIEW, { id: 'one' })).status).toBe(401);
    expect((await query(tokenOf('beta'), REVIEW, { id: 'one' })).status).toBe(200);
  });
});

describe('an account of two tenants', () => {
  test('has one quota, and no snapshot of one is given to the other', async () => {
    const world = await startWorld('2/60s');
    const file = writeTenants({
      acme: { partoo: world.members.acme.partoo },
      twin: { partoo: world.members.acme.partoo },
    });
    const { query } = await serve({ ...world.environment, TENANTS_FILE: file.path });
    world.sandboxes.acme.partoo.put({ invitation_id: 'one', status: 'OF_ACME' });
    const [acme, twin] = [tokenOf('acme'), tokenOf('twin')];
    const statusFor = async (token: string, id: string) => {
      const { data, errors } = await query(token, REVIEW, { id });
      return errors?.[0]?.extensions.code ?? data.reviewInvitation?.rawStatus;
    };
    expect(await statusFor(acme, 'one')).toBe('OF_ACME');
    expect(await statusFor(twin, 'one')).toBe('OF_ACME');
    // It was read for each of them, and that was the quota.
    expect(world.sandboxes.acme.partoo.calls).toHaveLength(2);
    expect(await statusFor(acme, 'two')).toBe('PROVIDER_RATE_LIMITED');
    expect(await statusFor(twin, 'two')).toBe('PROVIDER_RATE_LIMITED');
    const QUOTA = '{ providers { provider quota { remaining } } }';
    for (const token of [acme, twin]) {
      expect((await query(token, QUOTA)).data.providers[1].quota).toEqual({ remaining: 0 });
    }
  });
});

describe('the quota of an account of two tenants', () => {
  test('is shared out among their viewers as among callers: one that wants everything leaves its share to the other’s', async () => {
    const world = await startWorld('10/60s');
    const { partoo } = world.members.acme;
    const file = writeTenants({ acme: { partoo }, twin: { partoo } });
    const { query } = await serve({ ...world.environment, TENANTS_FILE: file.path });
    const refs = Array.from({ length: 40 }, (_, n) => ({ reviewInvitation: { invitationId: `order-${n}` } }));
    const PAGE = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';
    const greedy = await query(tokenOf('acme'), PAGE, { refs });
    expect(greedy.errors?.length).toBeGreaterThan(30);
    // The same subject: it is another viewer all the same.
    const { errors } = await query(tokenOf('twin'), REVIEW, { id: 'one' });
    expect(errors).toBeUndefined();
  });
});

describe('a provider that fails for one tenant', () => {
  test('opens its breaker alone: the other is answered as ever, and /ready names the provider', async () => {
    const { sandboxes, query, ready, acme, beta, log } = await start();
    sandboxes.acme.partoo.misbehave({ status: 500 });
    const circuitFor = async (token: string) =>
      (await query(token, '{ providers { provider circuit } }')).data.providers[1].circuit;
    for (let n = 0; (await circuitFor(acme)) === 'CLOSED'; n++) await query(acme, REVIEW, { id: `failing-${n}` });
    const before = sandboxes.beta.partoo.calls.length;
    for (let n = 0; n < 20; n++) {
      const { errors } = await query(beta, REVIEW, { id: `absent-${n}` });
      expect(errors).toBeUndefined();
    }
    expect(sandboxes.beta.partoo.calls.length - before).toBe(20);
    expect(await circuitFor(acme)).not.toBe('CLOSED');
    expect(await circuitFor(beta)).toBe('CLOSED');
    expect(await ready()).toEqual({ status: 'degraded', degraded: ['PARTOO'] });
    const lines = log.filter((line) => line.includes('"the breaker changed"')).map((line) => JSON.parse(line));
    expect(lines.map(({ tenant }) => tenant)).toEqual(lines.map(() => 'acme'));
    expect(lines.length).toBeGreaterThan(0);
  });
});

describe('a notification', () => {
  const path = (name: string) => `/webhooks/cronofy/${name}`;

  test('signed with one tenant’s secret is taken at its path, and is forged at the other’s', async () => {
    const { notify } = await start();
    const body = notificationOf('one', 'accepted');
    expect(await notify(path('acme'), body, WEBHOOK_SECRETS.acme)).toBe(200);
    expect(await notify(path('beta'), body, WEBHOOK_SECRETS.beta)).toBe(200);
    expect(await notify(path('beta'), body, WEBHOOK_SECRETS.acme)).toBe(401);
    expect(await notify(path('acme'), body, WEBHOOK_SECRETS.beta)).toBe(401);
  });

  test.each(['gamma', 'default', '', '..%2Facme', 'ACME', 'x'.repeat(33), '__proto__', 'constructor'])(
    'for %j, whom there is not, is as one of an unknown provider',
    async (name) => {
      const { notify } = await start();
      const body = notificationOf('one', 'accepted');
      expect(await notify(path(name), body, WEBHOOK_SECRETS.acme)).toBe(404);
      expect(await notify('/webhooks/cronofy', body, WEBHOOK_SECRETS.acme)).toBe(404);
      expect(await notify('/webhooks/acme/acme', body, WEBHOOK_SECRETS.acme)).toBe(404);
    },
  );

  test('changes what its tenant’s viewers see, and nothing of the other’s', async () => {
    const { sandboxes, notify, query, acme, beta } = await start({ FRESH_SECONDS: '60' });
    for (const name of ['acme', 'beta'] as const) sandboxes[name].cronofy.put(inviteOf(name, 'one'));
    const statusFor = async (token: string) => {
      const { event, recipients } = (await query(token, INVITE, { id: 'one' })).data.smartInvite;
      return `${event.summary} ${recipients[0].status}`;
    };
    expect([await statusFor(acme), await statusFor(beta)]).toEqual(['acme PENDING', 'beta PENDING']);
    const calls = sandboxes.beta.cronofy.calls.length;
    sandboxes.acme.cronofy.put(inviteOf('acme', 'one', 'accepted'));
    sandboxes.beta.cronofy.put(inviteOf('beta', 'one', 'accepted'));
    expect(await notify(path('acme'), notificationOf('one', 'accepted'), WEBHOOK_SECRETS.acme)).toBe(200);
    await vi.waitFor(async () => expect(await statusFor(acme)).toBe('acme ACCEPTED'));
    expect(await statusFor(beta)).toBe('beta PENDING');
    expect(sandboxes.beta.cronofy.calls).toHaveLength(calls);
  });

  test('wakes the streams of its tenant alone', async () => {
    const { sandboxes, notify, origin, acme, beta } = await start();
    for (const name of ['acme', 'beta'] as const) sandboxes[name].cronofy.put(inviteOf(name, 'one'));
    const [ofAcme, ofBeta] = [acme, beta].map((token) =>
      subscribeTo(origin, [invite('one')], '... on SmartInvite { event { summary } status }', {
        authorization: `Bearer ${token}`,
      }),
    );
    await Promise.all([ofAcme?.first(1), ofBeta?.first(1)]);
    sandboxes.acme.cronofy.put(inviteOf('acme', 'one', 'declined'));
    expect(await notify(path('acme'), notificationOf('one', 'declined'), WEBHOOK_SECRETS.acme)).toBe(200);
    await ofAcme?.until(({ invitation }) => invitation?.status === 'DECLINED');
    expect(ofAcme?.events.every(({ invitation }) => invitation.event.summary === 'acme')).toBe(true);
    expect(ofBeta?.events.map(({ invitation }) => invitation)).toEqual([
      { event: { summary: 'beta' }, status: 'PENDING' },
    ]);
  });
});

describe('the streams of all tenants', () => {
  const open = (origin: string, token: string) =>
    subscribeTo(origin, [review('review-sent')], 'id', { authorization: `Bearer ${token}` });

  test('are as many as the process may have, whichever tenants they are of', async () => {
    const { origin, acme, beta, ready } = await start({ MAX_STREAMS: '2', MAX_STREAMS_PER_CALLER: '2' });
    await open(origin, acme).first(1);
    await open(origin, beta).first(1);
    const [refused] = await open(origin, beta).first(1);
    expect(refused?.code).toBe('RATE_LIMITED');
    expect((await ready()).degraded).toEqual(['STREAMS']);
  });

  test('are counted by viewer: the same subject of two tenants is two', async () => {
    const { origin, acme, beta } = await start({ MAX_STREAMS_PER_CALLER: '1' });
    await open(origin, acme).first(1);
    expect((await open(origin, beta).first(1))[0]?.code).toBeUndefined();
    expect((await open(origin, beta).first(1))[0]?.code).toBe('RATE_LIMITED');
  });
});

test('no line of the log names what is in the file: keys, secrets, hosts', async () => {
  const { query, notify, acme, log, environment, sandboxes } = await start();
  await query(acme, REVIEW, { id: 'one' });
  await notify('/webhooks/cronofy/acme', notificationOf('one', 'accepted'), 'forged');
  sandboxes.acme.partoo.misbehave({ status: 500 });
  for (let n = 0; n < 20; n++) await query(acme, REVIEW, { id: `failing-${n}` });
  expect(log.length).toBeGreaterThan(0);
  const secrets = [environment.PARTOO_KEY, SECRET, WEBHOOK_SECRETS.acme, sandboxes.acme.partoo.origin, acme];
  for (const secret of secrets) expect(log.join('\n')).not.toContain(secret);
});
