// When what is a tenant's own is made, and when it is given up.

import { createHmac } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createQuotas } from '../../src/gateway/quotas.ts';
import { createTenant, type Shared, type Tenant } from '../../src/gateway/tenant.ts';
import { createTenants, type TenantList } from '../../src/gateway/tenants.ts';
import { createStreamPlaces } from '../../src/live/stream-places.ts';
import { createSharedClock } from '../../src/redis/clock.ts';
import { createRedis } from '../../src/redis/redis.ts';
import { readSettings } from '../../src/settings.ts';
import { createStoreSpace } from '../../src/snapshots/store-space.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { notificationOf } from '../access/tenants.ts';
import { boundless } from '../rates.ts';
import { startRedisServer } from '../redis/server.ts';

const { accounts } = readSettings({ PARTOO_API_KEY: 'key', CRONOFY_CLIENT_SECRET: 'secret' });
const listOf = (fingerprints: Record<string, string>): TenantList =>
  new Map(
    Object.entries(fingerprints).map(([name, fingerprint]) => [name, { accounts, authority: undefined, fingerprint }]),
  );

/** Each tenant is a name with a number, and is made when the test says so. */
function start(fingerprints: Record<string, string>) {
  const made: string[] = [];
  const retired: string[] = [];
  const stopped: string[] = [];
  const completed: string[] = [];
  let ready = Promise.resolve();
  const retiring: (() => void)[] = [];
  const tenants = createTenants(listOf(fingerprints), {
    async create(name) {
      const label = `${name} ${made.length + 1}`;
      made.push(label);
      await ready;
      return {
        label,
        notifications: { receive: () => 'accepted' },
        streams: { stop: () => void completed.push(label) },
        async retire() {
          retired.push(label);
          await new Promise<void>((resolve) => retiring.push(resolve));
        },
        stop: () => void stopped.push(label),
      } as unknown as Tenant;
    },
    createAuthority: () => {
      throw new Error('nobody asked for keys');
    },
  });
  const open = (name: string) => {
    const tenant = tenants.named(name);
    return tenant && tenants.of(tenant);
  };
  const labelOf = async (name: string) => (await (open(name) as Promise<{ label: string }> | undefined))?.label;
  return {
    tenants,
    made,
    retired,
    stopped,
    completed,
    open,
    labelOf,
    finish: () => retiring.splice(0).forEach((resolve) => void resolve()),
    hold() {
      const held = Promise.withResolvers<void>();
      ready = held.promise;
      return held.resolve;
    },
  };
}

test('a tenant is made when it is first asked for, once', async () => {
  const { tenants, made, open, labelOf } = start({ acme: '1', beta: '1' });
  expect(made).toEqual([]);
  expect(await Promise.all([labelOf('acme'), labelOf('acme')])).toEqual(['acme 1', 'acme 1']);
  expect(open('acme')).not.toBeInstanceOf(Promise);
  expect(tenants.made()).toHaveLength(1);
  expect(open('gamma')).toBeUndefined();
  expect(made).toEqual(['acme 1']);
});

test('a list read anew gives up those that changed or are gone, and keeps the others', async () => {
  const { tenants, retired, labelOf } = start({ same: '1', changed: '1', gone: '1', unused: '1' });
  for (const name of ['same', 'changed', 'gone']) await labelOf(name);
  tenants.replace(listOf({ same: '1', changed: '2', added: '1', unused: '2' }));
  await vi.waitFor(() => expect(retired).toEqual(['changed 2', 'gone 3']));
  expect(await labelOf('same')).toBe('same 1');
  expect(await labelOf('changed')).toBe('changed 4');
  expect(await labelOf('gone')).toBeUndefined();
  expect(await labelOf('added')).toBe('added 5');
});

test('one that is replaced while it is made is given up once it is', async () => {
  const { tenants, retired, labelOf, hold } = start({ acme: '1' });
  const release = hold();
  const first = labelOf('acme');
  tenants.replace(listOf({ acme: '2' }));
  const second = labelOf('acme');
  release();
  expect([await first, await second]).toEqual(['acme 1', 'acme 2']);
  await vi.waitFor(() => expect(retired).toEqual(['acme 1']));
});

test('a viewer that was admitted before the list was replaced gets what it was admitted to', async () => {
  const { tenants, made, labelOf, finish } = start({ acme: '1', beta: '1' });
  const [acme, beta] = [tenants.named('acme'), tenants.named('beta')];
  if (acme === undefined || beta === undefined) throw new Error('they are not listed');
  const first = await tenants.of(acme);
  tenants.replace(listOf({ acme: '2', beta: '2' }));
  expect([acme.isServed, beta.isServed]).toEqual([false, false]);
  expect(tenants.of(acme)).toBe(first);
  // What nobody has used is not made for one request.
  expect(tenants.of(beta)).toBeUndefined();
  expect(await labelOf('acme')).toBe('acme 2');
  await vi.waitFor(() => {
    finish();
    expect(tenants.of(acme)).toBeUndefined();
  });
  expect(made).toEqual(['acme 1', 'acme 2']);
});

test('the end of the process stops those in use, and those that finish what is in flight', async () => {
  const { tenants, retired, stopped, labelOf, finish } = start({ acme: '1', beta: '1' });
  await labelOf('acme');
  await labelOf('beta');
  tenants.replace(listOf({ beta: '2' }));
  await labelOf('beta');
  await vi.waitFor(() => expect(retired).toHaveLength(2));
  tenants.stop();
  expect(stopped.toSorted()).toEqual(['acme 1', 'beta 2', 'beta 3']);
  finish();
});

test('a notification makes its tenant where it is signed, and a forged one makes nothing', async () => {
  const { tenants, made } = start({ acme: '1' });
  const taker = tenants.takerOf('acme');
  const body = Buffer.from(notificationOf('one', 'accepted'));
  const signed = (secret: string) => ({
    'cronofy-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
  });
  expect(taker.accepts('CRONOFY')).toBe(true);
  expect(taker.accepts('PARTOO')).toBe(false);
  expect(await taker.receive('CRONOFY', body, signed('another'))).toBe('forged');
  expect(made).toEqual([]);
  expect(await taker.receive('CRONOFY', body, signed('secret'))).toBe('accepted');
  expect(made).toEqual(['acme 1']);
  // While it arrived the tenant was taken out.
  tenants.replace(listOf({ beta: '1' }));
  expect(await taker.receive('CRONOFY', body, signed('secret'))).toBe('forged');
});

test('streams are completed of all, also of one that is made when the process ends already', async () => {
  const { tenants, completed, labelOf } = start({ acme: '1', beta: '1' });
  await labelOf('acme');
  tenants.completeStreams();
  expect(completed).toEqual(['acme 1']);
  await labelOf('beta');
  expect(completed).toEqual(['acme 1', 'beta 2']);
});

test('what a tenant of no more use holds is given back: its channels and its place in memory', async () => {
  const server = await startRedisServer();
  onTestFinished(server.stop);
  const client = createRedis(server.url, () => undefined);
  onTestFinished(() => client.close());
  await vi.waitUntil(() => client.isUp());
  const heard: string[] = [];
  const ended: string[] = [];
  const space = createStoreSpace({ maxEntries: 10, maxBytes: 10_000 });
  const [join, leave] = [vi.spyOn(space, 'join'), vi.spyOn(space, 'leave')];
  const settings = readSettings({});
  const shared: Shared = {
    settings,
    quotas: createQuotas(settings, client),
    places: createStreamPlaces(settings.streams),
    space,
    refRate: boundless(),
    redis: {
      client: {
        ...client,
        async listen(channel, onMessage, onMissed) {
          const end = await client.listen(channel, onMessage, onMissed);
          heard.push(channel);
          return () => {
            ended.push(channel);
            end();
          };
        },
      },
      clock: createSharedClock(client, () => performance.now()),
    },
    telemetry: {},
    log: createLog('silent'),
    now: () => performance.now(),
  };
  const tenant = await createTenant('acme', accounts, shared);
  const own = heard.toSorted();
  expect(own).toEqual([
    expect.stringMatching(/^gateway:notifications:acme\//),
    expect.stringMatching(/^gateway:snapshots:acme\//),
  ]);
  expect(join).toHaveBeenCalledOnce();
  const channels = async () => ((await server.command('PUBSUB', 'CHANNELS', '*:acme/*')) as string[]).toSorted();
  expect(await channels()).toEqual(own);
  tenant.stop();
  await vi.waitFor(async () => expect(await channels()).toEqual([]));
  expect(ended.toSorted()).toEqual(own);
  expect(leave).toHaveBeenCalledWith(join.mock.calls[0]?.[0]);
});
