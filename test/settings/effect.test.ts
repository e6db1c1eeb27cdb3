// The effect of each setting in the README's table: what is observed of a gateway without it, and of one that has it.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { KNOWN } from '../../src/settings/known.ts';
import { type Environment, readSettings } from '../../src/settings.ts';
import { createAuthority } from '../certificates.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { review, subscribeTo } from '../live/subscriber.ts';
import { endRuns, startGateway } from '../process.ts';
import { freePort, startRedisServer } from '../redis/server.ts';
import { apollo, fileOf } from '../server/trusted-list.ts';

interface Effect {
  readonly value: string;
  /** Other settings that both gateways have. */
  readonly beside?: Environment;
  readonly observe: (environment: Environment) => unknown;
  readonly without: unknown;
  readonly with: unknown;
}

afterEach(endRuns);

async function start(environment: Environment): Promise<TestGateway> {
  const gateway = await startTestGateway({ environment });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const SENT = '{ reviewInvitation(invitationId: "review-sent") { observedAt isStale } }';
const DELIVERED = '{ reviewInvitation(invitationId: "review-delivered") { observedAt isStale } }';
const UNKNOWN = '{ reviewInvitation(invitationId: "review-unknown") { id } }';
const PARTOO = { PARTOO_API_KEY: 'key' };
const CRONOFY = { CRONOFY_CLIENT_SECRET: 'secret' };
/** Every query reads again. */
const NOTHING_FRESH = { FRESH_SECONDS: '0', REVALIDATE_SECONDS: '0' };

/** How many calls a query costs that is made twice. */
const callsForTwo = (query: string) => async (environment: Environment) => {
  const gateway = await start(environment);
  await gateway.query(query);
  await sleep(20);
  await gateway.query(query);
  // A background read begins after the answer.
  await sleep(20);
  return gateway.takeCalls().partoo.length;
};

/** How many calls it costs to ask for reviews, and then for the first of them again. */
const callsForFirstAgain = (reviews: number) => async (environment: Environment) => {
  const { query, takeCalls, sandbox } = await start(environment);
  sandbox.partoo.misbehave({ status: 200, body: '{}' });
  const ids = Array.from({ length: reviews }, (_, n) => `review-${n}-${'x'.repeat(400)}`);
  const ask = (some: readonly string[]) =>
    query('query($refs: [InvitationRef!]!) { invitations(refs: $refs) { status } }', { refs: some.map(review) });
  for (let n = 0; n < ids.length; n += 100) await ask(ids.slice(n, n + 100));
  takeCalls();
  await ask(ids.slice(0, 1));
  return takeCalls().partoo.length;
};

/** Whether a known answer is given as a stale one while its provider misbehaves. */
const staleWhile = (misbehaviour: object) => async (environment: Environment) => {
  const { query, sandbox } = await start(environment);
  await query(SENT);
  sandbox.partoo.misbehave(misbehaviour);
  const { data, errors } = await query(SENT);
  return data.reviewInvitation?.isStale ?? errors?.[0]?.extensions.code;
};

const quotaLimit = (provider: string) => async (environment: Environment) => {
  const { data } = await (await start(environment)).query('{ providers { provider quota { limit } } }');
  return data.providers.find((one: { provider: string }) => one.provider === provider).quota?.limit;
};

/** Whether an account keeps its name when its secret is another one. */
const accountOf = (provider: string) => (environment: Environment) => {
  const [one, other] = ['one', 'other'].map((secret) =>
    readSettings({ PARTOO_API_KEY: secret, CRONOFY_CLIENT_SECRET: secret, ...environment }).accounts.find(
      (account) => account.provider === provider,
    ),
  );
  return one?.id === other?.id;
};

/** Whether a caller gets calls beyond its share, which is ten where it is alone. */
async function goesBeyondShare(environment: Environment): Promise<boolean> {
  const { query, takeCalls } = await start(environment);
  const refs = Array.from({ length: 20 }, (_, n) => review(`review-${n}`));
  await query('query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }', { refs });
  return takeCalls().partoo.length > 10;
}

/** The host that a call would go to. */
const hostOf = (ref: object) => async (environment: Environment) => {
  const [account] = readSettings(environment).accounts;
  let origin: string | undefined;
  const reader = account?.open(async (request) => {
    origin = request.origin;
    return null;
  });
  const parts = { ...ref, ...account?.defaults };
  await reader?.read({ type: account?.reads, parts, key: '' } as never, {} as never);
  return origin && new URL(origin).host;
};

/** What a provider hears: the headers of the call for an invitation. */
const heard =
  (variable: string, path: string, query: string) =>
  async (environment: Environment): Promise<IncomingHttpHeaders | undefined> => {
    const calls: IncomingHttpHeaders[] = [];
    const provider = createServer((request, response) => {
      calls.push(request.headers);
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(provider, 'listening');
    onTestFinished(() => void provider.close());
    const origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    await (await start({ ...environment, [variable]: `${origin}${path}` })).query(query);
    return calls[0];
  };

/** Whether the way to a provider leads through a proxy. */
async function isProxied(environment: Environment): Promise<boolean> {
  let asked = '';
  const proxy = createListener((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (head) => {
        asked = head.toString('latin1');
        socket.destroy();
      });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const port = String((proxy.address() as AddressInfo).port);
  const here = Object.entries(environment).map(([name, value]) => [name, value?.replace('<port>', port)]);
  const { query } = await start({ PARTOO_BASE_URL: 'https://provider.example/v2', ...Object.fromEntries(here) });
  await query(SENT);
  return asked.startsWith('CONNECT provider.example:443');
}

/** Whether a Redis is reached that has a certificate of a private authority. */
async function reachesPrivateRedis({ REDIS_CA_FILE, ...environment }: Environment): Promise<boolean> {
  const authority = createAuthority();
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const { key, cert } = authority.issue();
  const ca = file('ca.pem', authority.cert);
  const port = await freePort();
  const server = await startRedisServer([
    `tls-port ${port}`,
    `tls-cert-file ${file('cert.pem', cert)}`,
    `tls-key-file ${file('key.pem', key)}`,
    `tls-ca-cert-file ${ca}`,
    'tls-auth-clients no',
  ]);
  onTestFinished(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  const trusting = REDIS_CA_FILE === undefined ? {} : { REDIS_CA_FILE: ca };
  const { origin } = await start({ ...environment, REDIS_URL: `rediss://127.0.0.1:${port}`, ...trusting });
  const until = performance.now() + 1_500;
  while (performance.now() < until) {
    const { degraded } = (await (await fetch(`${origin}/ready`)).json()) as { degraded: string[] };
    if (degraded.length === 0) return true;
    await sleep(50);
  }
  return false;
}

const reply = (path: string, init: RequestInit, see: (response: Response) => unknown) => async (env: Environment) =>
  see(await fetch(`${(await start(env)).origin}${path}`, init));

/** How the second of two subscriptions fares. */
async function secondStream(environment: Environment) {
  const { origin } = await start(environment);
  await subscribeTo(origin, [review('review-sent')]).first(1);
  const second = subscribeTo(origin, [review('review-sent')]);
  second.completed.catch(() => undefined);
  const [event] = await second.first(1);
  return event?.code ?? event?.invitation.__typename;
}

const preflight = {
  method: 'OPTIONS',
  headers: {
    origin: 'https://app.example.com',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'x-tenant',
  },
};

const INVITE = '{ smartInvite(smartInviteId: "board-meeting") { id } }';
const gone = { REDIS_URL: 'redis://127.0.0.1:1' };

const EFFECTS: Readonly<Record<string, Effect>> = {
  HOST: {
    value: '127.0.0.2',
    observe: async (environment) => new URL((await start(environment)).origin).hostname,
    without: '127.0.0.1',
    with: '127.0.0.2',
  },
  PORT: {
    value: '47113',
    observe: async (environment) => new URL((await start(environment)).origin).port === '47113',
    without: false,
    with: true,
  },
  PARTOO_API_KEY: {
    value: 'another-key',
    observe: async (environment) =>
      (await heard('PARTOO_BASE_URL', '/v2', SENT)({ PARTOO_API_KEY: 'key', ...environment }))?.['x-apikey'],
    without: 'key',
    with: 'another-key',
  },
  PARTOO_ENVIRONMENT: {
    value: 'sandbox',
    beside: PARTOO,
    observe: hostOf({ invitationId: 'x' }),
    without: 'api.partoo.co',
    with: 'api.sandbox.partoo.co',
  },
  PARTOO_BASE_URL: {
    value: 'http://127.0.0.1:8080/v2',
    beside: PARTOO,
    observe: hostOf({ invitationId: 'x' }),
    without: 'api.partoo.co',
    with: '127.0.0.1:8080',
  },
  PARTOO_ACCOUNT: { value: 'main', observe: accountOf('PARTOO'), without: false, with: true },
  CRONOFY_ACCOUNT: { value: 'main', observe: accountOf('CRONOFY'), without: false, with: true },
  PARTOO_QUOTA: { value: '30/60s', observe: quotaLimit('PARTOO'), without: 270, with: 30 },
  CRONOFY_CLIENT_SECRET: {
    value: 'another-secret',
    observe: async (environment) =>
      (await heard('CRONOFY_BASE_URL', '', INVITE)({ CRONOFY_CLIENT_SECRET: 'secret', ...environment }))?.authorization,
    without: 'Bearer secret',
    with: 'Bearer another-secret',
  },
  CRONOFY_DATA_CENTER: {
    value: 'de',
    beside: CRONOFY,
    observe: hostOf({ smartInviteId: 'x', recipientEmail: null }),
    without: 'api.cronofy.com',
    with: 'api-de.cronofy.com',
  },
  CRONOFY_BASE_URL: {
    value: 'http://127.0.0.1:8080',
    beside: CRONOFY,
    observe: hostOf({ smartInviteId: 'x', recipientEmail: null }),
    without: 'api.cronofy.com',
    with: '127.0.0.1:8080',
  },
  CRONOFY_QUOTA: { value: '10/1s', observe: quotaLimit('CRONOFY'), without: 45, with: 10 },
  CORS_ORIGINS: {
    value: 'https://app.example.com',
    observe: reply('/graphql', preflight, ({ headers }) => headers.get('access-control-allow-origin')),
    without: null,
    with: 'https://app.example.com',
  },
  CORS_HEADERS: {
    value: 'x-tenant',
    beside: { CORS_ORIGINS: 'https://app.example.com' },
    observe: reply('/graphql', preflight, ({ headers }) =>
      headers.get('access-control-allow-headers')?.includes('x-tenant'),
    ),
    without: false,
    with: true,
  },
  GRAPHIQL: {
    value: 'off',
    observe: reply('/graphql', { headers: { accept: 'text/html' } }, ({ headers }) =>
      headers.get('content-type')?.includes('html'),
    ),
    without: true,
    with: false,
  },
  LOG_LEVEL: {
    value: 'silent',
    // A Redis that cannot be reached is logged.
    beside: gone,
    observe: async (environment) => {
      const { child, ended, stdout } = await startGateway(environment as Record<string, string>);
      await sleep(300);
      child.kill('SIGTERM');
      await ended;
      return stdout().includes('"level"');
    },
    without: true,
    with: false,
  },
  SANDBOX: {
    value: 'on',
    beside: PARTOO,
    observe: async (environment) =>
      /sandbox/i.test((await startGateway(environment as Record<string, string>)).stdout()),
    without: false,
    with: true,
  },
  FRESH_SECONDS: { value: '0', observe: callsForTwo(SENT), without: 1, with: 2 },
  FINAL_SECONDS: {
    value: '0',
    beside: NOTHING_FRESH,
    observe: callsForTwo(DELIVERED),
    without: 1,
    with: 2,
  },
  REVALIDATE_SECONDS: {
    value: '0',
    beside: { FRESH_SECONDS: '0', PATIENCE_SECONDS: '5' },
    // The old answer is given at once, and read again behind it; or the reading is waited for.
    observe: staleWhile({ status: 500 }),
    without: false,
    with: true,
  },
  PATIENCE_SECONDS: {
    value: '5',
    beside: NOTHING_FRESH,
    observe: staleWhile({ delayMs: 1_500 }),
    without: true,
    with: false,
  },
  STALE_SECONDS: {
    value: '0',
    beside: NOTHING_FRESH,
    observe: staleWhile({ status: 500 }),
    without: true,
    with: 'PROVIDER_UNAVAILABLE',
  },
  NOT_FOUND_SECONDS: { value: '0', observe: callsForTwo(UNKNOWN), without: 1, with: 2 },
  SNAPSHOT_MAX_ENTRIES: { value: '1', observe: callsForFirstAgain(2), without: 0, with: 1 },
  SNAPSHOT_MAX_MEGABYTES: {
    value: '1',
    beside: { PARTOO_QUOTA: '5000/1s' },
    observe: callsForFirstAgain(1_500),
    without: 0,
    with: 1,
  },
  MAX_STREAMS: { value: '1', observe: secondStream, without: 'ReviewInvitation', with: 'RATE_LIMITED' },
  MAX_STREAMS_PER_CALLER: { value: '1', observe: secondStream, without: 'ReviewInvitation', with: 'RATE_LIMITED' },
  REDIS_URL: {
    value: gone.REDIS_URL,
    observe: reply('/ready', {}, async (response) => ((await response.json()) as { degraded: string[] }).degraded),
    without: [],
    with: ['REDIS'],
  },
  REDIS_CA_FILE: { value: '<file>', observe: reachesPrivateRedis, without: false, with: true },
  HTTPS_PROXY: { value: 'http://127.0.0.1:<port>', observe: isProxied, without: false, with: true },
  NO_PROXY: {
    value: 'provider.example',
    beside: { HTTPS_PROXY: 'http://127.0.0.1:<port>' },
    observe: isProxied,
    without: true,
    with: false,
  },
  PROCESSES: { value: '3', beside: gone, observe: quotaLimit('PARTOO'), without: 67, with: 90 },
  FAIR_RESERVE: {
    value: '0.9',
    beside: { PARTOO_QUOTA: '20/60s' },
    observe: goesBeyondShare,
    without: true,
    with: false,
  },
};

const TEXTS = ['{ providers { provider } }'];
const WITH_FILE: Readonly<Record<string, () => Effect>> = {
  TRUSTED_DOCUMENTS: () => ({
    value: fileOf(apollo(TEXTS)),
    observe: async (environment) => (await (await start(environment)).query(SENT)).errors?.[0]?.extensions.code,
    without: undefined,
    with: 'PERSISTED_QUERY_NOT_IN_LIST',
  }),
};

const effects = {
  ...Object.fromEntries(Object.entries(EFFECTS).map(([name, effect]) => [name, () => effect])),
  ...WITH_FILE,
};

test.each(Object.entries(effects))('%s', { timeout: 30_000 }, async (name, effectOf) => {
  const { value, beside, observe, ...expected } = effectOf();
  expect(await observe({ ...beside })).toEqual(expected.without);
  expect(await observe({ ...beside, [name]: value })).toEqual(expected.with);
});

// How each secret is read from a file is tested in secret-files.test.ts, and NODE_ENV in main.test.ts.
test('every setting has its effect here', () => {
  expect(Object.keys(effects).toSorted()).toEqual([...KNOWN.keys()].filter((name) => name !== 'NODE_ENV').toSorted());
});
