// A stream ends with its token: no event comes after, a page that subscribed with a client's library goes on with a new
// token, and misses no state.

import { once } from 'node:events';
import { createClient as createSseClient } from 'graphql-sse';
import { type Client, createClient } from 'graphql-ws';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { bearer } from '../access/tokens.ts';
import type { TestGateway } from '../harness.ts';
import { startSigned } from './signed.ts';

const LIVE =
  'subscription { invitationChanged(refs: [{ smartInvite: { smartInviteId: "invite-pending" } }]) { status } }';
const READ = '{ reviewInvitation(invitationId: "review-sent") { status } }';
const PATIENCE = { interval: 10 };

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startSigned();
});

const inSeconds = (seconds: number) => Math.ceil(Date.now() / 1_000) + seconds;

function reply(status: 'accepted' | 'declined' | 'tentative'): void {
  gateway.sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status });
}

/** The bytes of a stream, each piece with when it came; the stream is over when `ended` resolves. */
async function openStream(authorization: string, method = 'POST') {
  const search = method === 'GET' ? `?query=${encodeURIComponent(LIVE)}` : '';
  const response = await fetch(`${gateway.origin}/graphql${search}`, {
    method,
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization },
    ...(method === 'POST' ? { body: JSON.stringify({ query: LIVE }) } : {}),
  });
  const pieces: { readonly text: string; readonly at: number }[] = [];
  const read = async () => {
    for await (const chunk of response.body ?? []) pieces.push({ text: Buffer.from(chunk).toString(), at: Date.now() });
    return Date.now();
  };
  return { response, pieces, ended: read() };
}

describe.each(['POST', 'GET'])('a stream of events by %s', (method) => {
  test('completes when its token expires, and not before', async () => {
    const exp = inSeconds(1);
    const { pieces, ended } = await openStream(bearer({ exp }), method);
    await vi.waitUntil(() => pieces.some(({ text }) => text.includes('event: next')), PATIENCE);
    expect(await ended).toBeGreaterThanOrEqual(exp * 1_000);
    expect(pieces.map(({ text }) => text).join('')).toMatch(/event: complete\ndata:\n\n$/);
    reply('accepted');
    expect(pieces.filter(({ text }) => text.includes('event: next'))).toHaveLength(1);
  });

  test('does not begin with a token that has expired, also where another request is still answered', async () => {
    const authorization = bearer({ exp: inSeconds(-5) });
    const answer = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization },
      body: JSON.stringify({ query: READ }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('"PENDING"');
    gateway.takeCalls();
    const { response, pieces, ended } = await openStream(authorization, method);
    await ended;
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
    expect(JSON.parse(pieces.map(({ text }) => text).join(''))).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED', retryable: true } }],
    });
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });
});

test('a page with graphql-sse subscribes anew when its stream has completed, and misses no state', async () => {
  const client = createSseClient({
    url: `${gateway.origin}/graphql`,
    headers: () => ({ authorization: bearer({ exp: inSeconds(1) }) }),
  });
  onTestFinished(client.dispose);
  const statuses: unknown[] = [];
  let completed = 0;
  const subscribe = () => {
    client.subscribe<{ invitationChanged: { status: string } }>(
      { query: LIVE },
      {
        next: ({ data }) => void statuses.push(data?.invitationChanged.status),
        error: (error) => void statuses.push(error),
        complete() {
          completed += 1;
          if (completed < 3) subscribe();
        },
      },
    );
  };
  subscribe();
  await vi.waitUntil(() => completed >= 1 && statuses.length >= 2, PATIENCE);
  reply('tentative');
  await vi.waitUntil(() => completed >= 2 && statuses.at(-1) === 'TENTATIVE', PATIENCE);
  expect(new Set(statuses)).toEqual(new Set(['PENDING', 'TENTATIVE']));
});

describe('a WebSocket', () => {
  interface Page {
    readonly client: Client;
    readonly events: unknown[];
    /** Codes that its sockets were closed with. */
    readonly closes: number[];
    readonly tokens: () => number;
  }

  /** The page's subscription, by the library that speaks the protocol: each token is good for so long. */
  function openPage(seconds: number): Page {
    const events: unknown[] = [];
    const closes: number[] = [];
    let tokens = 0;
    const client = createClient({
      url: `${gateway.origin.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 3,
      retryWait: () => Promise.resolve(),
      connectionParams: async () => {
        tokens += 1;
        return { authorization: bearer({ exp: inSeconds(seconds) }) };
      },
      on: { closed: (event) => void closes.push((event as { code: number }).code) },
    });
    onTestFinished(() => void client.dispose());
    client.subscribe<{ invitationChanged: { status: string } }>(
      { query: LIVE },
      {
        next: ({ data, errors }) => void events.push(data?.invitationChanged.status ?? errors),
        error: (error) => void events.push(error),
        complete: () => void events.push('completed'),
      },
    );
    return { client, events, closes, tokens: () => tokens };
  }

  test('is closed with 4403 when its token expires: graphql-ws asks for a new one, and misses no state', async () => {
    const { events, closes, tokens } = openPage(1);
    await vi.waitUntil(() => closes.length >= 1 && tokens() >= 2 && events.length >= 2, PATIENCE);
    reply('tentative');
    await vi.waitUntil(() => events.at(-1) === 'TENTATIVE', PATIENCE);
    const seen = closes.length;
    await vi.waitUntil(() => closes.length > seen && tokens() >= 3, PATIENCE);
    reply('accepted');
    await vi.waitUntil(() => events.includes('ACCEPTED'), PATIENCE);
    expect(closes).toEqual(closes.map(() => 4403));
    // It is final then, and completes by itself.
    expect(events.filter((event, n) => event !== events[n - 1])).toEqual(
      expect.arrayContaining(['PENDING', 'TENTATIVE', 'ACCEPTED']),
    );
    expect(events.slice(0, events.indexOf('ACCEPTED'))).not.toContain('completed');
  });

  async function open(authorization: string) {
    const socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    onTestFinished(() => socket.terminate());
    const messages: { readonly type: string; readonly at: number }[] = [];
    socket.on('message', (data) => messages.push({ ...JSON.parse(String(data)), at: Date.now() }));
    const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason), at: Date.now() }));
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
    return { socket, messages, closed };
  }

  test('completes nothing before it is closed, and sends nothing after the token has expired', async () => {
    const exp = inSeconds(1);
    const { socket, messages, closed } = await open(bearer({ exp }));
    await vi.waitUntil(() => messages.length > 0, PATIENCE);
    for (const id of ['1', '2', '3']) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query: LIVE } }));
    const { code, reason, at } = await closed;
    expect(code).toBe(4403);
    expect(at).toBeGreaterThanOrEqual(exp * 1_000);
    expect(reason).toBe('The token has expired');
    expect(messages.map(({ type }) => type)).toEqual(['connection_ack', 'next', 'next', 'next']);
  });

  test('begins with no token that has expired, also where a request with it is still answered', async () => {
    const { messages, closed } = await open(bearer({ exp: inSeconds(-5) }));
    expect((await closed).code).toBe(4403);
    expect(messages).toEqual([]);
  });
});

describe('where the timers are late, as those of a process that was suspended', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    return () => vi.useRealTimers();
  });

  const expire = () => vi.setSystemTime(Date.now() + 61_000);

  test('a stream of events completes in place of an event', async () => {
    const { pieces, ended } = await openStream(bearer({ exp: inSeconds(60) }));
    const textOf = () => pieces.map(({ text }) => text).join('');
    await vi.waitUntil(() => textOf().includes('event: next'), PATIENCE);
    expire();
    reply('accepted');
    await ended;
    expect(textOf()).toMatch(/event: complete\ndata:\n\n$/);
    expect(textOf().match(/event: next/g)).toHaveLength(1);
    expect(textOf()).not.toContain('ACCEPTED');
  });

  test.each<[string, (socket: WebSocket) => void]>([
    ['an event', () => reply('accepted')],
    [
      'the answer of an operation',
      (socket) => socket.send(JSON.stringify({ id: '2', type: 'subscribe', payload: { query: READ } })),
    ],
    ['a pong', (socket) => socket.send('{"type":"ping"}')],
  ])('a WebSocket is closed in place of %s', async (_, act) => {
    const socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    onTestFinished(() => socket.terminate());
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(JSON.parse(String(data)).type));
    await once(socket, 'open');
    const payload = { authorization: bearer({ exp: inSeconds(60) }) };
    socket.send(JSON.stringify({ type: 'connection_init', payload }));
    await vi.waitUntil(() => messages.length === 1, PATIENCE);
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: LIVE } }));
    await vi.waitUntil(() => messages.length === 2, PATIENCE);
    const closed = once(socket, 'close');
    expire();
    act(socket);
    expect((await closed)[0]).toBe(4403);
    expect(messages).toEqual(['connection_ack', 'next']);
    expect(gateway.takeCalls().partoo).toEqual([]);
  });
});
