// The file of tenants read anew, while the gateway serves: who stays as they were notice nothing, and nothing is lost.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { readSettings, readTenantsAnew } from '../../src/settings.ts';
import { review, subscribeTo } from '../live/subscriber.ts';
import { endRuns, startGateway } from '../process.ts';
import { beginRequest } from '../server/late-body.ts';
import {
  clientOf,
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
import { sign } from './tokens.ts';

afterEach(endRuns);

const PATIENCE = { interval: 10 };

async function start() {
  const world = await startWorld();
  for (const name of ['acme', 'beta'] as const)
    world.sandboxes[name].partoo.put({ invitation_id: 'one', status: name });
  const file = writeTenants(world.members);
  const environment = { ...world.environment, TENANTS_FILE: file.path, FRESH_SECONDS: '60' };
  const tokens = { acme: tokenOf('acme'), beta: tokenOf('beta') };
  return { ...world, file, environment, ...tokens };
}

/** In this process. */
async function startServing() {
  const started = await start();
  const served = await serve(started.environment);
  return {
    ...started,
    ...served,
    readAnew(tenants: object) {
      started.file.write(tenants);
      served.gateway.replaceTenants(
        readTenantsAnew(started.environment, readSettings(started.environment).access?.authority),
      );
    },
    statusOf: async (token: string) => (await served.query(token, REVIEW, { id: 'one' })).status,
  };
}

describe('SIGHUP', () => {
  test('under load loses no request: each is answered, by the accounts of before or of now', {
    timeout: 60_000,
  }, async () => {
    const { members, file, environment, sandboxes, acme, beta } = await start();
    // From now on acme's are at another place.
    sandboxes.beta.partoo.put({ invitation_id: 'moved', status: 'there' });
    sandboxes.acme.partoo.put({ invitation_id: 'moved', status: 'here' });
    const moved = { partoo: { ...members.acme.partoo, baseUrl: members.beta.partoo.baseUrl } };
    const { child, origin, stdout } = await startGateway(environment);
    const { query } = clientOf(origin);
    let isOver = false;
    const answers = { acme: new Set<string>(), beta: new Set<string>(), count: 0 };
    async function load(name: 'acme' | 'beta', token: string, id: string): Promise<void> {
      while (!isOver) {
        const { status, data, errors } = await query(token, REVIEW, { id });
        expect([status, errors]).toEqual([200, undefined]);
        answers[name].add(data.reviewInvitation.rawStatus);
        answers.count += 1;
      }
    }
    const loads = Array.from({ length: 8 }, (_, n) =>
      n % 2 ? load('acme', acme, 'moved') : load('beta', beta, 'one'),
    );
    for (let times = 1; times <= 6; times++) {
      file.write(times % 2 === 0 ? members : { ...members, acme: moved, gamma: members.acme });
      const before = answers.count;
      child.kill('SIGHUP');
      await vi.waitUntil(() => stdout().split('the tenants were read anew').length === times + 1, PATIENCE);
      await vi.waitUntil(() => answers.count > before + 50, PATIENCE);
    }
    isOver = true;
    await Promise.all(loads);
    expect(answers.acme).toEqual(new Set(['here', 'there']));
    expect(answers.beta).toEqual(new Set(['beta']));
    // Beta stayed as it was: what was known of it is known.
    expect(sandboxes.beta.partoo.calls.filter(({ target }) => target.endsWith('=one'))).toHaveLength(1);
  });

  test('with a mistake in the file keeps the tenants, and says each mistake in the words of the start', async () => {
    const { file, environment, members, acme } = await start();
    const { child, origin, stdout } = await startGateway(environment);
    const { query } = clientOf(origin);
    file.write({ ...members, acme: { partoo: { apiKey: { env: 'NONE' }, quota: 'canary' } }, '../': {} });
    child.kill('SIGHUP');
    await vi.waitUntil(() => stdout().includes('The tenants stay as they are.'), PATIENCE);
    const line =
      stdout()
        .split('\n')
        .find((each) => each.includes('The tenants stay')) ?? '{}';
    expect(JSON.parse(line).msg.split('\n').slice(1)).toEqual([
      '  TENANTS_FILE: acme.partoo.apiKey must name a variable that is set',
      '  TENANTS_FILE: tenant 3 must have a name of 1 to 32 small letters, digits and hyphens',
    ]);
    expect(stdout()).not.toContain('canary');
    expect((await query(acme, REVIEW, { id: 'one' })).data.reviewInvitation.rawStatus).toBe('acme');
    file.write(members);
    child.kill('SIGHUP');
    await vi.waitUntil(() => stdout().includes('the tenants were read anew'), PATIENCE);
    expect((await query(acme, REVIEW, { id: 'one' })).status).toBe(200);
  });

  test('without a file ends the process, because a closed terminal sends it too', async () => {
    const { child } = await startGateway({ SANDBOX: 'on' });
    child.kill('SIGHUP');
    expect(await once(child, 'exit')).toEqual([null, 'SIGHUP']);
  });
});

describe('a tenant that stays as it was', () => {
  test('keeps its streams, its sockets and what is known of it', async () => {
    const { members, origin, readAnew, beta, query, sandboxes } = await startServing();
    const stream = subscribeTo(origin, [review('one')], 'rawStatus', { authorization: `Bearer ${beta}` });
    const completed = vi.fn();
    void stream.completed.then(completed);
    await stream.first(1);
    readAnew({ ...members, acme: { partoo: members.acme.partoo }, gamma: members.acme });
    expect((await query(beta, REVIEW, { id: 'one' })).data.reviewInvitation.rawStatus).toBe('beta');
    expect(sandboxes.beta.partoo.calls).toHaveLength(1);
    expect(completed).not.toHaveBeenCalled();
    expect((await query(tokenOf('gamma'), REVIEW, { id: 'one' })).data.reviewInvitation.rawStatus).toBe('acme');
  });
});

describe('a tenant that has changed', () => {
  const change = ({ partoo }: { partoo: object }) => ({ partoo });

  test('finishes what is in flight, and completes its streams over SSE', async () => {
    const { members, origin, readAnew, acme, query, sandboxes } = await startServing();
    const stream = subscribeTo(origin, [review('one')], 'rawStatus', { authorization: `Bearer ${acme}` });
    await stream.first(1);
    sandboxes.acme.partoo.put({ invitation_id: 'slow', status: 'slow' });
    sandboxes.acme.partoo.misbehave({ delayMs: 700 });
    const before = sandboxes.acme.partoo.calls.length;
    const slow = query(acme, REVIEW, { id: 'slow' });
    await vi.waitUntil(() => sandboxes.acme.partoo.calls.length > before);
    readAnew({ ...members, acme: change(members.acme) });
    expect(await stream.completed).toBe('completed');
    expect((await slow).data.reviewInvitation.rawStatus).toBe('slow');
    const again = subscribeTo(origin, [review('one')], 'rawStatus', { authorization: `Bearer ${acme}` });
    expect((await again.first(1))[0]?.invitation.rawStatus).toBe('acme');
  });

  test('has its WebSockets closed with 4403: the client of graphql-ws shows a token again and goes on', async () => {
    const { members, origin, readAnew, acme, beta } = await startServing();
    const closes: number[] = [];
    const events: string[] = [];
    const ended = vi.fn();
    const connectionParams = vi.fn(async () => ({ authorization: `Bearer ${acme}` }));
    const client = createClient({
      url: `${origin.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams,
      retryWait: () => sleep(10),
      on: { closed: (event) => void closes.push((event as { code: number }).code) },
    });
    onTestFinished(() => void client.dispose());
    const other = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    onTestFinished(() => other.terminate());
    const otherClosed = vi.fn();
    other.on('close', otherClosed);
    await once(other, 'open');
    other.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${beta}` } }));
    await once(other, 'message');
    client.subscribe<{ invitationChanged: { rawStatus: string } }>(
      {
        query:
          'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "one" } }]) { rawStatus } }',
      },
      { next: ({ data }) => void events.push(data?.invitationChanged.rawStatus ?? ''), error: ended, complete: ended },
    );
    await vi.waitUntil(() => events.length === 1, PATIENCE);
    readAnew({ ...members, acme: change(members.acme) });
    await vi.waitUntil(() => events.length === 2, PATIENCE);
    expect(events).toEqual(['acme', 'acme']);
    expect(closes).toEqual([4403]);
    expect(connectionParams).toHaveBeenCalledTimes(2);
    expect(ended).not.toHaveBeenCalled();
    expect(otherClosed).not.toHaveBeenCalled();
  });

  test('in its keys alone is signed for by the new ones from then on', async () => {
    const { members, environment, readAnew, statusOf } = await startServing();
    const secret = 'the-new-secret-of-acme-with-32-bytes-or-more';
    Object.assign(environment, { NEW_SECRET: secret });
    const old = tokenOf('acme');
    const renewed = sign({ tenant: 'acme' }, { key: Buffer.from(secret) });
    expect([await statusOf(old), await statusOf(renewed)]).toEqual([200, 401]);
    readAnew({ ...members, acme: { ...members.acme, auth: { secrets: [{ env: 'NEW_SECRET' }] } } });
    expect([await statusOf(old), await statusOf(renewed)]).toEqual([401, 200]);
  });
});

describe('a request that was admitted before SIGHUP, and whose body came after', () => {
  const ONE = '{ reviewInvitation(invitationId: "one") { rawStatus } }';

  test.each(['has changed', 'is gone'])('is answered by what it was admitted to where the tenant %s', async (what) => {
    const { members, origin, readAnew, acme, beta, query } = await startServing();
    await Promise.all([acme, beta].map((token) => query(token, REVIEW, { id: 'one' })));
    const finish = await beginRequest(origin, `Bearer ${acme}`, ONE);
    // The name is another's now.
    readAnew(what === 'is gone' ? { beta: members.beta } : { acme: members.beta, beta: members.beta });
    const { status, body } = await finish();
    expect([status, body]).toEqual([200, { data: { reviewInvitation: { rawStatus: 'acme' } } }]);
  });

  test.each(['us', 'de'])(
    'is granted what it was granted, whatever the account says of places now: %s',
    async (place) => {
      const { members, origin, readAnew, sandboxes, query } = await startServing();
      const acmeIn = (dataCenter: string) => ({ ...members.acme, cronofy: { ...members.acme.cronofy, dataCenter } });
      readAnew({ acme: acmeIn('de') });
      sandboxes.acme.cronofy.put(inviteOf('acme', 'order-1'));
      const token = sign({ tenant: 'acme', invitations: { smart: ['order-1'] } });
      await query(token, INVITE, { id: 'order-1' });
      const ofUs = '{ us: smartInvite(smartInviteId: "order-1", dataCenter: US) { id }';
      const finish = await beginRequest(
        origin,
        `Bearer ${token}`,
        `${ofUs} ours: smartInvite(smartInviteId: "order-1") { event { summary } } }`,
      );
      readAnew(place === 'us' ? { acme: acmeIn(place) } : { beta: members.beta });
      const { us, ours } = (await finish()).body.data;
      expect([us, ours]).toEqual([null, { event: { summary: 'acme' } }]);
    },
  );

  test('is to be sent again where nothing had used the tenant before', async () => {
    const { members, origin, readAnew, acme } = await startServing();
    const finish = await beginRequest(origin, `Bearer ${acme}`, ONE);
    readAnew({ acme: members.beta, beta: members.beta });
    const { status, challenge, body } = await finish();
    expect([status, challenge]).toEqual([401, 'Bearer error="invalid_token"']);
    expect(body.data).toBeUndefined();
    expect(body.errors[0].extensions).toEqual({ code: 'UNAUTHENTICATED', retryable: true });
  });
});

describe('a tenant that is gone', () => {
  test('is FORBIDDEN to those who were admitted before, its streams complete, and no notification is taken', async () => {
    const { members, origin, readAnew, acme, beta, statusOf, notify } = await startServing();
    const stream = subscribeTo(origin, [review('one')], 'rawStatus', { authorization: `Bearer ${acme}` });
    await stream.first(1);
    const body = notificationOf('one', 'accepted');
    expect(await notify('/webhooks/cronofy/acme', body, WEBHOOK_SECRETS.acme)).toBe(200);
    readAnew({ beta: members.beta });
    expect(await stream.completed).toBe('completed');
    expect([await statusOf(acme), await statusOf(beta)]).toEqual([403, 200]);
    expect(await notify('/webhooks/cronofy/acme', body, WEBHOOK_SECRETS.acme)).toBe(404);
    readAnew(members);
    expect(await statusOf(acme)).toBe(200);
  });
});
