// Callers who are not admitted: each reason by each door, before anything that they sent is looked at.

import { once } from 'node:events';
import { BlockList, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Admission } from '../../src/access/admission.ts';
import type { Refusal } from '../../src/access/refusal.ts';
import { openViewer, type Viewer } from '../../src/access/viewer.ts';
import { AuthUnavailable, CallerRateLimited, Forbidden, Unauthenticated } from '../../src/invitation/problem.ts';
import { takesAnyHost } from '../../src/server/foreign-host.ts';
import { OperationRecord, type Transport } from '../../src/server/operation-record.ts';
import { type RunningServer, startServer } from '../../src/server/server.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { DOORS } from './doors.ts';

const REFUSALS: readonly Refusal[] = [
  { reason: 'missing', problem: new Unauthenticated('Show a token.') },
  { reason: 'expired', problem: new Unauthenticated('The token has expired.', true) },
  { reason: 'invalid', problem: new Unauthenticated('The token is not accepted.') },
  { reason: 'forbidden', problem: new Forbidden('The token has no claim `invitations`.') },
  { reason: 'unavailable', problem: new AuthUnavailable() },
  { reason: 'limited', problem: new CallerRateLimited('Too many tokens that are not accepted.', 7) },
];

/** What each door says of it. */
const SAID = {
  missing: { status: 401, challenge: 'Bearer', code: 'UNAUTHENTICATED', retryable: false, close: 4401 },
  expired: {
    status: 401,
    challenge: 'Bearer error="invalid_token"',
    code: 'UNAUTHENTICATED',
    retryable: true,
    close: 4403,
  },
  invalid: {
    status: 401,
    challenge: 'Bearer error="invalid_token"',
    code: 'UNAUTHENTICATED',
    retryable: false,
    close: 4401,
  },
  forbidden: { status: 403, challenge: undefined, code: 'FORBIDDEN', retryable: false, close: 4401 },
  unavailable: { status: 503, challenge: undefined, code: 'AUTH_UNAVAILABLE', retryable: true, after: 10, close: 1013 },
  limited: { status: 429, challenge: undefined, code: 'RATE_LIMITED', retryable: true, after: 7, close: 1013 },
} as const;

type Shown = readonly [authorization: readonly string[] | undefined, address: string];

let server: RunningServer;
let shown: Shown[];
let prepared: number;
let hasKeys: boolean;
beforeAll(async () => {
  const decide = (authorization: readonly string[] | undefined, address: string): Viewer | Refusal => {
    shown.push([authorization, address]);
    const reason = authorization?.[0]?.replace(/^Bearer (later-)?/, '') ?? 'missing';
    return REFUSALS.find((each) => each.reason === reason) ?? openViewer(address);
  };
  const admission: Admission = {
    asksForTokens: true,
    admit(authorization, address) {
      const admitted = decide(authorization, address);
      return authorization?.[0]?.includes('later-') ? Promise.resolve(admitted) : admitted;
    },
    isReady: () => hasKeys,
    stop: () => undefined,
  };
  const never = () => {
    throw new TypeError('no operation is to be run');
  };
  const graphql = {
    kept: () => ({ count: 0, bytes: 0 }),
    streams: () => ({ sse: 0, websocket: 0 }),
    begin: (transport: Transport, viewer: Viewer, requestId: string) =>
      new OperationRecord(transport, viewer, requestId, {}),
    prepare: () => {
      prepared += 1;
      return { errors: [{ message: 'Admitted.', extensions: { code: 'BAD_USER_INPUT', retryable: false } }] };
    },
    run: never,
    subscribe: never,
  };
  const routes = {
    graphql,
    admission,
    isOwnHost: takesAnyHost,
    webhooks: (_: unknown, response: import('node:http').ServerResponse) => void response.end('a webhook'),
    isConfigured: true,
    degraded: () => [],
    tabs: [{ query: '{ __typename }' }],
  };
  const options = {
    host: '127.0.0.1',
    port: 0,
    publicOrigin: undefined,
    trustedProxies: new BlockList(),
    corsOrigins: ['https://app.example.com'],
    corsHeaders: [],
  };
  server = await startServer(routes, options, createLog('silent'));
  return () => server.stop(100);
});
beforeEach(() => {
  shown = [];
  prepared = 0;
  hasKeys = true;
});

const ways = [
  { when: 'at once', prefix: 'Bearer ' },
  { when: 'after a while', prefix: 'Bearer later-' },
];
const cases = REFUSALS.flatMap((refusal) => ways.map((way) => ({ refusal, ...way, reason: refusal.reason })));

describe.each(DOORS)('by $name', ({ ask, isWebSocket }) => {
  test.each(cases)('a caller is refused as $reason, $when', async ({ refusal, prefix, reason }) => {
    const { status, headers, body } = await ask(server.origin, `${prefix}${reason}`, { query: '{ anything' });
    const said = SAID[reason];
    if (isWebSocket) {
      expect(status).toBe(said.close);
      expect(body).toEqual(expect.any(String));
      expect(Buffer.byteLength(body)).toBeGreaterThan(5);
    } else {
      const after = 'after' in said ? said.after : undefined;
      expect(status).toBe(said.status);
      expect(headers['www-authenticate']).toBe(said.challenge);
      expect(headers['retry-after']).toBe(after === undefined ? undefined : String(after));
      expect(headers['cache-control']).toBe('no-store');
      const { code, retryable } = said;
      const extensions = { code, retryable, ...(after === undefined ? {} : { retryAfterSeconds: after }) };
      expect(body).toEqual({ errors: [{ message: refusal.problem.message, extensions }] });
    }
    expect(shown.map(([authorization]) => authorization)).toEqual([[`${prefix}${reason}`]]);
    expect(prepared).toBe(0);
  });

  test('a caller who shows nothing is refused', async () => {
    const { status } = await ask(server.origin, undefined, { query: '{ __typename }' });
    expect(status).toBe(isWebSocket ? 4401 : 401);
    expect(shown.map(([authorization]) => authorization)).toEqual([undefined]);
    expect(prepared).toBe(0);
  });

  test.each(ways)('one who is admitted $when comes in', async ({ prefix }) => {
    const { body } = await ask(server.origin, `${prefix}good`, { query: '{ __typename }' });
    expect(body).toMatchObject({ errors: [{ message: 'Admitted.' }] });
    expect(prepared).toBe(1);
  });
});

describe('a refusal', () => {
  const refusedPost = (headers: Record<string, string> = {}, body: BodyInit = '{') =>
    fetch(`${server.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });

  test.each([
    ['application/json', 'application/json'],
    ['application/graphql-response+json', 'application/graphql-response+json'],
    ['application/graphql-response+json, application/json;q=0.9', 'application/graphql-response+json'],
    ['*/*', 'application/json'],
    ['text/event-stream', 'application/json'],
  ])('to a caller that accepts %s is %s', async (accept, type) => {
    const answer = await refusedPost({ accept });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([401, `${type}; charset=utf-8`]);
  });

  test('comes before the body, whatever is in it, and leaves the connection in use', async () => {
    const { hostname, port } = new URL(server.origin);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      received += chunk;
    });
    const head =
      'POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n';
    socket.write(head);
    await expect.poll(() => received).toMatch(/^HTTP\/1\.1 401 /);
    expect(received).not.toMatch(/^connection: close/im);
    socket.write(`12345${head}`);
    await expect.poll(() => received.match(/HTTP\/1\.1 401 /g)).toHaveLength(2);
  });

  test.each([
    ['that is announced as larger than is taken', 'content-length: 200000'],
    ['of unknown length', 'transfer-encoding: chunked'],
  ])('of a body %s ends the connection', async (_, length) => {
    const { hostname, port } = new URL(server.origin);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    socket.write(`POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n${length}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 /);
  });

  test('can be read by pages that may call the gateway', async () => {
    const answer = await refusedPost({ origin: 'https://app.example.com' });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
      401,
      'https://app.example.com',
    ]);
  });

  test('of a body that would be none is by the token alone', async () => {
    expect((await refusedPost({ 'content-type': 'text/plain' })).status).toBe(401);
    expect((await refusedPost({ 'content-encoding': 'br' })).status).toBe(401);
  });
});

test('a caller that leaves while its token is checked is no fault', async () => {
  const { hostname, port } = new URL(server.origin);
  const socket = connect(Number(port), hostname);
  const head = 'POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n';
  socket.write(`${head}authorization: Bearer later-good\r\ncontent-length: 50\r\n\r\n{`);
  await expect.poll(() => shown.length).toBe(1);
  socket.destroy();
  expect((await fetch(`${server.origin}/health`)).status).toBe(200);
  expect(prepared).toBe(0);
});

describe('no token is needed', () => {
  test.each([
    ['the GraphiQL page', '/graphql', 'text/html', 200],
    ['a probe of its life', '/health', '*/*', 200],
    ['a probe of its readiness', '/ready', '*/*', 200],
    ['a webhook', '/webhooks/anything', '*/*', 200],
    ['what does not exist', '/elsewhere', '*/*', 404],
  ])('for %s', async (_, path, accept, status) => {
    expect((await fetch(`${server.origin}${path}`, { headers: { accept } })).status).toBe(status);
    expect(shown).toEqual([]);
  });

  test('for an asset of the page', async () => {
    const page = await (await fetch(`${server.origin}/graphql`, { headers: { accept: 'text/html' } })).text();
    const asset = /"(graphql\/assets\/graphiql\.[0-9a-f]+\.js)"/.exec(page)?.[1];
    expect((await fetch(`${server.origin}/${asset}`)).status).toBe(200);
    expect(shown).toEqual([]);
  });
});

test('a gateway that never had keys is not ready', async () => {
  hasKeys = false;
  const answer = await fetch(`${server.origin}/ready`);
  expect([answer.status, await answer.json()]).toEqual([503, { status: 'without keys', degraded: [] }]);
  hasKeys = true;
  expect((await fetch(`${server.origin}/ready`)).status).toBe(200);
});
