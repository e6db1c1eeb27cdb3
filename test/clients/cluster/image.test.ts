// README's way in a cluster: the image is built from a clone by its command, and runs as its Deployment says.

import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bearer, SECRET } from '../../access/tokens.ts';
import { inviteOf } from '../../bench/invites.ts';
import { freePort } from '../../free-port.ts';
import { UNLIMITED } from '../../harness.ts';
import { SECRET_FILES } from '../../production/page.ts';
import { type RedisServer, startRedisServer } from '../../redis/server.ts';
import { createImageStore, type ImageStore } from './base-image.ts';
import { type Container, startContainer } from './container.ts';
import { buildImage, type Image, STRAY_FILES } from './image.ts';
import { containerOf, deploymentOf } from './manifest.ts';

const PATIENCE = { timeout: 30_000, interval: 20 };
const described = containerOf(deploymentOf('invitation-gateway'));
const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>;

/** Two and a half times what a store holds by default. */
const LARGE_INVITES = 1_500;
const PAGE = 25;

let store: ImageStore;
let image: Image;
let redis: RedisServer;
let provider: Server;
let container: Container;
let origin: string;

beforeAll(async () => {
  store = await createImageStore();
  image = await buildImage(store);
  redis = await startRedisServer();
  provider = createServer(({ url = '' }, response) => {
    const id = new URL(url, 'http://provider').searchParams.get('smart_invite_id');
    response.end(id === null ? '{"status":"SENT"}' : inviteOf(id, false));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const reached = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const own: Record<string, string> = { AUTH_JWT_SECRET: SECRET, REDIS_URL: redis.url };
  const secrets = Object.keys(SECRET_FILES).map((name) => [name, own[name] ?? 'a-credential']);
  container = await startContainer(image, described, Object.fromEntries(secrets), {
    ...UNLIMITED,
    PORT: String(port),
    PARTOO_BASE_URL: `${reached}/v2`,
    CRONOFY_BASE_URL: reached,
    CRONOFY_QUOTA: '100000/1s',
  });
  await vi
    .waitUntil(async () => (await statusOf(described.startupProbe?.httpGet?.path)) === 200, PATIENCE)
    .catch(() => {
      throw new Error(`it did not start: ${container.said()}`);
    });
}, 300_000);

afterAll(async () => {
  await container?.remove();
  provider?.close();
  await redis?.stop();
  await store?.remove();
}, 60_000);

/** 0 where nobody listens. */
function statusOf(path = ''): Promise<number> {
  return fetch(origin + path).then(
    ({ status }) => status,
    () => 0,
  );
}

async function ask(query: string, variables: object = {}) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: bearer() },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { data?: unknown; errors?: unknown };
}

const REVIEW = '{ reviewInvitation(invitationId: "review-1", maxAgeSeconds: 0) { deliveryStatus } }';
const SENT = { data: { reviewInvitation: { deliveryStatus: 'SENT' } } };

describe('the image', () => {
  test('holds the gateway, the packages that it needs, and nothing else', () => {
    expect(readdirSync(join(image.root, 'app')).toSorted()).toEqual(['node_modules', 'package.json', 'src']);
    for (const name of Object.keys(dependencies)) expect(existsSync(packageAt(name)), name).toBe(true);
    for (const name of Object.keys(devDependencies)) expect(existsSync(packageAt(name)), name).toBe(false);
    for (const path of [...STRAY_FILES, '.npmrc']) expect(existsSync(join(image.root, 'app', path)), path).toBe(false);
    expect(image.description).not.toContain('cafile');
    const own = image.megabytes.slice(1).reduce((sum, each) => sum + each, 0);
    console.log(`the image: ${own.toFixed(0)} MB over a base of ${image.megabytes[0]?.toFixed(0)} MB`);
    expect(own).toBeLessThan(70);
  });

  test('names a user by number who is not root, as Kubernetes wants to see it', () => {
    expect(image.configuration.User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });
});

const packageAt = (name: string) => join(image.root, 'app/node_modules', name, 'package.json');

describe('a container of it', () => {
  test('runs node itself as its first process, as that user, without a right of root', async () => {
    const of = async (file: string) => readFileSync(`/proc/${await container.pid()}/${file}`, 'utf8');
    expect((await of('cmdline')).split('\0').slice(0, -1)).toEqual(image.configuration.Cmd);
    const status = await of('status');
    const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/);
    expect(field('NSpid')?.at(-1)).toBe('1');
    const [uid, gid] = image.configuration.User.split(':');
    expect([field('Uid'), field('Gid')]).toEqual([Array(4).fill(uid), Array(4).fill(gid)]);
    const none = [expect.stringMatching(/^0+$/)];
    expect(['CapEff', 'CapBnd', 'NoNewPrivs'].map(field)).toEqual([none, none, ['1']]);
  });

  test('can write nowhere', async () => {
    const code =
      "for (const path of ['/app/a', '/tmp/a']) try { fs.writeFileSync(path, '') } catch (e) { console.log(e.code) }";
    expect(await container.execute(['node', '--eval', code])).toEqual({ code: 0, said: 'EROFS\nEROFS\n' });
  });

  test('answers its probes, and reads its secrets out of their files: the token, and Redis', async () => {
    await vi.waitUntil(async () => {
      const answer = await fetch(origin + described.readinessProbe?.httpGet?.path);
      return answer.status === 200 && ((await answer.json()) as { status: string }).status === 'ready';
    }, PATIENCE);
    expect(await statusOf(described.livenessProbe?.httpGet?.path)).toBe(200);
    expect(await ask(REVIEW)).toEqual(SENT);
    const names = (await redis.command('KEYS', 'gateway:*')) as string[];
    expect(names.length).toBeGreaterThan(0);
  });

  test('is healthy by the check that is in the image, which fails where nobody answers', async () => {
    const [, ...check] = image.configuration.Healthcheck.Test;
    expect(await container.execute(check)).toEqual({ code: 0, said: '' });
    expect(await container.execute(check, { PORT: '9' })).toMatchObject({ code: 1 });
  });

  test('keeps within its memory with its store full', { timeout: 120_000 }, async () => {
    const query = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id isStale } }';
    for (let n = 0; n < LARGE_INVITES; n += PAGE) {
      const ids = Array.from({ length: PAGE }, (_, i) => `big-${n + i}`);
      const refs = ids.map((smartInviteId) => ({ smartInvite: { smartInviteId } }));
      const { data, errors } = await ask(query, { refs });
      expect(errors).toBeUndefined();
      expect((data as { invitations: unknown[] }).invitations).not.toContain(null);
    }
    const status = readFileSync(`/proc/${await container.pid()}/status`, 'utf8');
    const peak = (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
    console.log(`the most memory that it took: ${peak.toFixed(0)} MB of ${described.resources?.limits?.memory}`);
  });

  test('drains when it is told to stop: it refuses readiness, answers on, and ends with 0', async () => {
    await container.signal('TERM');
    await vi.waitUntil(async () => (await statusOf('/ready')) === 503, PATIENCE);
    expect(await ask(REVIEW)).toEqual(SENT);
    expect(await container.ended).toEqual({ code: 0 });
  });
});
