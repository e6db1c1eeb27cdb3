// Where a token is looked for: in the Authorization header, or in a WebSocket's first message, and nowhere else.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { bearer, SECRET, sign } from '../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { rawRequest } from './raw-request.ts';

const QUERY = '{ reviewInvitation(invitationId: "review-sent") { status } }';
const ANSWER = { data: { reviewInvitation: { status: 'PENDING' } } };
const NOTHING = { partoo: [], cronofy: [] };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ environment: { AUTH_JWT_SECRET: SECRET } });
  return () => gateway.stop();
});
afterEach(() => void gateway.takeCalls());

const post = (headers: Record<string, string>, path = '/graphql', query = QUERY) =>
  fetch(`${gateway.origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });

test('a caller with a token gets its answer', async () => {
  expect(await (await post({ authorization: bearer() })).json()).toEqual(ANSWER);
});

describe('a token is not taken', () => {
  test.each(['access_token', 'token', 'authorization'])('from the query string: %s', async (name) => {
    const path = `/graphql?${name}=${encodeURIComponent(name === 'authorization' ? bearer() : sign())}`;
    expect((await post({}, path)).status).toBe(401);
    expect((await fetch(`${gateway.origin}${path}&query=${encodeURIComponent(QUERY)}`)).status).toBe(401);
    const socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}${path}`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    expect((await once(socket, 'close'))[0]).toBe(4401);
  });

  test.each([
    ['a cookie', { cookie: `token=${sign()}; authorization=${encodeURIComponent(bearer())}` }],
    ["a proxy's header", { 'proxy-authorization': bearer() }],
    ["another's header", { 'x-authorization': bearer() }],
  ])('from %s', async (_, headers) => {
    expect((await post(headers)).status).toBe(401);
  });

  test('from the body', async () => {
    const answer = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: QUERY, authorization: bearer(), extensions: { authorization: bearer() } }),
    });
    expect(answer.status).toBe(401);
    expect(gateway.takeCalls()).toEqual(NOTHING);
  });

  test.each([
    ['the same', () => bearer()],
    ['another good one', () => bearer({ sub: 'user-2' })],
    ['an empty one', () => ''],
  ])('from two Authorization headers: with %s', async (_, other) => {
    const search = `?query=${encodeURIComponent(QUERY)}`;
    for (const shown of [
      [bearer(), other()],
      [other(), bearer()],
    ]) {
      const headers = Object.fromEntries([['authorization', shown]]);
      expect((await rawRequest(`${gateway.origin}/graphql${search}`, headers)).status).toBe(401);
    }
    expect(gateway.takeCalls()).toEqual(NOTHING);
  });
});

describe('a URL with a query', () => {
  const providers = `?query=${encodeURIComponent('{ providers { isConfigured } }')}`;

  test('is not run by a POST, whose body is', async () => {
    expect((await post({}, `/graphql${providers}`)).status).toBe(401);
    expect(await (await post({ authorization: bearer() }, `/graphql${providers}`)).json()).toEqual(ANSWER);
  });

  test.each(['PUT', 'DELETE', 'HEAD', 'OPTIONS'])('gets 405 by %s, with and without a token', async (method) => {
    for (const headers of [{}, { authorization: bearer() }, { authorization: 'Bearer rubbish' }]) {
      const answer = await fetch(`${gateway.origin}/graphql${providers}`, { method, headers });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST']);
    }
  });
});

test.each(['', ' ', 'Bearer', 'bearer ', 'BEARER\t'])(
  'an Authorization of %j is one that is missing',
  async (shown) => {
    const lines = gateway.log.length;
    const answer = await post({ authorization: shown });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const levels = gateway.log.slice(lines).map((line) => JSON.parse(line).level);
    expect(levels.filter((level) => level > 20)).toEqual([]);
  },
);

interface Greeted {
  readonly type: string;
  readonly code?: number;
}

/** What follows a `connection_init` with this payload: its acknowledgement, or a close. */
async function greet(payload: unknown, headers: Record<string, string> = {}): Promise<Greeted> {
  const socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  return Promise.race([
    once(socket, 'message').then(([data]) => JSON.parse(String(data))),
    once(socket, 'close').then(([code]) => ({ type: 'closed', code })),
  ]);
}

describe('a WebSocket', () => {
  const ACKNOWLEDGED = { type: 'connection_ack' };
  const CLOSED = { type: 'closed', code: 4401 };

  test('is admitted by its first message, and by its header where that shows nothing', async () => {
    expect(await greet({ authorization: bearer() })).toEqual(ACKNOWLEDGED);
    for (const payload of [undefined, null, {}, { authorization: null }, { other: 1 }]) {
      expect(await greet(payload, { authorization: bearer() })).toEqual(ACKNOWLEDGED);
      expect(await greet(payload)).toEqual(CLOSED);
    }
  });

  test('goes by its first message where both show something', async () => {
    expect(await greet({ authorization: bearer() }, { authorization: 'Bearer rubbish' })).toEqual(ACKNOWLEDGED);
    for (const authorization of ['Bearer rubbish', '', 'Bearer', 7, true, [bearer()], { token: sign() }]) {
      expect(await greet({ authorization }, { authorization: bearer() })).toEqual(CLOSED);
    }
  });

  test.each(['\n', '\u2028', 'x y'])('is closed at once after a hundred thousand blanks and %j', async (end) => {
    expect(await greet({ authorization: `Bearer${' '.repeat(100_000)}${end}` })).toEqual(CLOSED);
  });

  test('that subscribes before it is acknowledged is closed', async () => {
    const socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers: { authorization: bearer() },
    });
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY } }));
    expect((await once(socket, 'close'))[0]).toBe(4401);
    expect(gateway.takeCalls()).toEqual(NOTHING);
  });

  test.each(['at once', 'afterwards'])(
    'that greets twice is closed, whoever greets in the second: %s',
    async (when) => {
      const socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      onTestFinished(() => socket.terminate());
      await once(socket, 'open');
      const closed = once(socket, 'close');
      const messages: string[] = [];
      socket.on('message', (data) => messages.push(String(data)));
      // A token of its own, which was never seen.
      const greeting = (sub: string) => ({ type: 'connection_init', payload: { authorization: bearer({ sub }) } });
      socket.send(JSON.stringify(greeting('first')));
      if (when === 'afterwards') await expect.poll(() => messages.length).toBe(1);
      socket.send(JSON.stringify(greeting('second')));
      expect((await closed)[0]).toBe(4429);
    },
  );
});

test('500 WebSockets that never say who they are are gone after 3 seconds', { timeout: 30_000 }, async () => {
  const url = `${gateway.origin.replace('http', 'ws')}/graphql`;
  const began = performance.now();
  const closes = Array.from({ length: 500 }, async () => {
    const socket = new WebSocket(url, 'graphql-transport-ws');
    onTestFinished(() => socket.terminate());
    const closed = once(socket, 'close');
    await once(socket, 'open');
    const [code] = await closed;
    return code as number;
  });
  const admitted = new WebSocket(url, 'graphql-transport-ws');
  onTestFinished(() => admitted.terminate());
  await once(admitted, 'open');
  admitted.send(JSON.stringify({ type: 'connection_init', payload: { authorization: bearer() } }));
  await once(admitted, 'message');
  expect(new Set(await Promise.all(closes))).toEqual(new Set([4408]));
  expect(performance.now() - began).toBeGreaterThan(2_900);
  await sleep(50);
  expect(admitted.readyState).toBe(WebSocket.OPEN);
});
