// A fault of the gateway during a request: the caller gets a constant message, and the log one line with the kind of the
// fault and its place in the source. Neither has its own message, which may hold text of the caller.

import { BlockList } from 'node:net';
import { createClient } from 'graphql-sse';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { OPEN } from '../../src/access/admission.ts';
import { schema } from '../../src/schema/index.ts';
import { takesAnyHost } from '../../src/server/foreign-host.ts';
import { createGraphQLService, type GraphQLService } from '../../src/server/graphql.ts';
import { type Routes, startServer } from '../../src/server/server.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { boundless } from '../rates.ts';
import { openSocket } from './socket-client.ts';

const OPTIONS = {
  host: '127.0.0.1',
  port: 0,
  publicOrigin: undefined,
  trustedProxies: new BlockList(),
  corsOrigins: [],
  corsHeaders: [],
};
const INTERNAL = { code: 'INTERNAL_SERVER_ERROR', retryable: false };
const SUBSCRIPTION = 'subscription { invitationChanged(refs: [{ id: "a" }]) { id } }';

interface FaultyServer {
  readonly origin: string;
  readonly log: readonly string[];
  post(query: string, headers?: Record<string, string>): Promise<Response>;
}

class Canary extends Error {}

const fail = (): never => {
  throw new Canary('secret canary');
};
const reject = () => Promise.reject(new Canary('secret canary'));

/** The service of the gateway, with the given parts replaced. */
async function startFaulty(faults: Partial<GraphQLService>, routes: Partial<Routes> = {}): Promise<FaultyServer> {
  const lines: string[] = [];
  const log = createLog('trace', { write: (line) => void lines.push(line) });
  const graphql = createGraphQLService({
    schema,
    createContext: () => ({}),
    trustedDocuments: undefined,
    introspection: true,
    operationRate: boundless(),
    tabs: undefined,
    log,
    listener: {},
  });
  const all = {
    graphql: { ...graphql, ...faults },
    admission: OPEN,
    isOwnHost: takesAnyHost,
    webhooks: () => undefined,
    isConfigured: true,
    degraded: () => [],
    tabs: undefined,
    ...routes,
  };
  const server = await startServer(all, OPTIONS, log);
  onTestFinished(() => server.stop(100));
  return {
    origin: server.origin,
    log: lines,
    post: (query, headers = {}) =>
      fetch(`${server.origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
      }),
  };
}

/** One line: the kind of the fault, and where in our code it came by. */
async function expectLogged(log: readonly string[]): Promise<void> {
  await vi.waitUntil(() => log.length > 0);
  expect(log).toHaveLength(1);
  const { level, err } = JSON.parse(log[0] ?? '');
  expect([level, err.kind]).toEqual([50, 'Canary']);
  for (const frame of err.frames) expect(frame).toMatch(/^src\/[\w./-]+\.ts:\d+:\d+$/);
  expect(log.join()).not.toMatch(/secret|message/);
}

describe('a fault of the gateway', () => {
  test.each<[string, Partial<GraphQLService>, Partial<Routes>]>([
    ['while a token is checked', {}, { admission: { ...OPEN, admit: reject } }],
    ['while an operation is prepared', { prepare: fail }, {}],
    ['while it is run', { run: fail }, {}],
    ['while it is waited for', { run: reject }, {}],
  ])('%s gives the message of the gateway every time', async (_, faults, routes) => {
    for (const [accept, type] of [
      ['*/*', 'application/json'],
      ['application/graphql-response+json', 'application/graphql-response+json'],
      ['text/event-stream', 'application/json'],
    ] as const) {
      const { post, log } = await startFaulty(faults, routes);
      const response = await post('{ __typename }', { accept });
      expect([response.status, response.headers.get('content-type')]).toEqual([500, `${type}; charset=utf-8`]);
      expect(await response.json()).toEqual({ errors: [{ message: expect.any(String), extensions: INTERNAL }] });
      await expectLogged(log);
    }
  });

  test('while an operation is prepared is logged with its place in the source', async () => {
    const { post, origin, log } = await startFaulty({ prepare: fail });
    const response = await post('{ __typename }');
    expect(await response.text()).not.toMatch(/secret|\.ts|\bat /);
    expect(JSON.parse(log[0] ?? '').err.frames[0]).toMatch(/^src\/server\/http\.ts:/);
    const got = await fetch(`${origin}/graphql?query=%7B__typename%7D`);
    expect([got.status, log.length]).toEqual([500, 2]);
    expect(log.join()).not.toContain('secret');
  });

  test.each<[string, Partial<GraphQLService>, string]>([
    ['while an operation is prepared', { prepare: fail }, '{ __typename }'],
    ['while it is run', { run: fail }, '{ __typename }'],
    ['while it is waited for', { run: reject }, '{ __typename }'],
    ['while a subscription begins', { subscribe: fail }, SUBSCRIPTION],
    ['while a subscription is waited for', { subscribe: reject }, SUBSCRIPTION],
  ])('%s closes its own WebSocket, and no other', async (_, faults, query) => {
    const { origin, log } = await startFaulty(faults);
    const other = await openSocket(origin);
    const { subscribe, closed, messages } = await openSocket(origin);
    subscribe('1', { query });
    expect(await closed).toBe(4500);
    expect(JSON.stringify(messages)).not.toContain('secret');
    await expectLogged(log);
    other.send({ type: 'ping' });
    await vi.waitUntil(() => other.messages.some(({ type }) => type === 'pong'));
  });

  /** One event, and then a fault. */
  async function* events() {
    yield { data: { invitationChanged: null } };
    fail();
  }
  const subscribe = (async () => events()) as unknown as GraphQLService['subscribe'];

  test('between two events ends the stream with an error', async () => {
    const { origin, log } = await startFaulty({ subscribe });
    const client = createClient({ url: `${origin}/graphql`, retryAttempts: 0 });
    onTestFinished(client.dispose);
    const told: unknown[] = [];
    const ended = new Promise((resolve) => {
      client.subscribe(
        { query: SUBSCRIPTION },
        { next: (event) => told.push(event), error: resolve, complete: () => resolve('completed') },
      );
    });
    expect(await ended).not.toBe('completed');
    expect(JSON.stringify(told)).not.toContain('secret');
    await expectLogged(log);
  });

  test('between two events of a WebSocket does not appear with its own message', async () => {
    const { origin, log } = await startFaulty({ subscribe });
    const { socket, messages, ...client } = await openSocket(origin);
    client.subscribe('1', { query: SUBSCRIPTION });
    await vi.waitUntil(() => messages.length > 1 || socket.readyState === socket.CLOSED);
    expect(messages[0]).toMatchObject({ type: 'next' });
    expect(JSON.stringify(messages)).not.toContain('secret');
    await expectLogged(log);
  });

  test.each<[string, string, Partial<Routes>]>([
    ['in the handler of notifications', '/webhooks/cronofy', { webhooks: fail }],
    ['in a notification handler that returns a promise', '/webhooks/cronofy', { webhooks: reject }],
    ['in the readiness check', '/ready', { degraded: fail }],
  ])('%s gives the message of the gateway', async (_, path, routes) => {
    const { origin, log } = await startFaulty({}, routes);
    const response = await fetch(origin + path);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/secret|\.ts|\bat /);
    await expectLogged(log);
    expect((await fetch(`${origin}/health`)).status).toBe(200);
  });
});
