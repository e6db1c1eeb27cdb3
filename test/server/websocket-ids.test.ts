// An operation of a WebSocket ends when its client completes it, and its upstream call with it; the others go on. Its id
// is free again at once, and no message of the first operation is sent as one of the second.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SocketIds } from '../../src/server/socket-ids.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { subscribeTo } from '../live/subscriber.ts';
import { openRawWebSocket } from './raw-websocket.ts';
import { openSocket } from './socket-client.ts';

const PATIENCE = { interval: 5 };

const review = (id: string) => ({ query: `{ reviewInvitation(invitationId: "${id}") { invitationId } }` });
const found = (id: string) => ({ data: { reviewInvitation: { invitationId: id } } });
const live = (...ids: readonly string[]) => ({
  query: `subscription { invitationChanged(refs: [${ids.map((id) => `{ smartInvite: { smartInviteId: "${id}" } }`)}]) {
    ... on SmartInvite { smartInviteId status }
  } }`,
});
const QUERY = { query: '{ __typename }' };
const ANSWER = { data: { __typename: 'Query' } };

interface SlowGateway extends TestGateway {
  /** Once the provider has been called for it. */
  asked(id: string): Promise<void>;
  answer(id: string): void;
  isLeft(id: string): boolean;
}

/** A gateway whose Partoo answers when the test tells it to. */
async function startSlow(): Promise<SlowGateway> {
  const calls = new Map<string, ServerResponse>();
  const server = createServer((request, response) => {
    calls.set(new URL(request.url ?? '', 'http://partoo').searchParams.get('invitation_id') ?? '', response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const gateway = await startTestGateway({ environment: { PARTOO_BASE_URL: `http://127.0.0.1:${port}/v2` } });
  onTestFinished(async () => {
    await gateway.stop();
    server.close();
    server.closeAllConnections();
  });
  return {
    ...gateway,
    asked: (id) => vi.waitUntil(() => calls.has(id), PATIENCE).then(() => undefined),
    answer: (id) => void calls.get(id)?.end(JSON.stringify({ invitation_id: id, status: 'SENT' })),
    isLeft: (id) => calls.get(id)?.destroyed === true && calls.get(id)?.writableFinished === false,
  };
}

async function start(environment = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ environment });
  onTestFinished(() => gateway.stop());
  return gateway;
}

describe('an operation that the client completes', () => {
  test('closes its own upstream call, and no other', async () => {
    const gateway = await startSlow();
    const { subscribe, send, messages, outcomeOf } = await openSocket(gateway.origin);
    for (const id of ['stays', 'goes', 'stays too']) {
      subscribe(id, review(id));
      await gateway.asked(id);
    }
    send({ id: 'goes', type: 'complete' });
    await vi.waitUntil(() => gateway.isLeft('goes'), PATIENCE);
    expect([gateway.isLeft('stays'), gateway.isLeft('stays too')]).toEqual([false, false]);
    for (const id of ['stays', 'stays too']) {
      gateway.answer(id);
      expect(await outcomeOf(id)).toEqual([
        { id, type: 'next', payload: found(id) },
        { id, type: 'complete' },
      ]);
    }
    expect(messages.filter(({ id }) => id === 'goes')).toEqual([]);
    expect(gateway.log.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  });

  test('leaves the upstream call open for another socket that waits for the same read', async () => {
    const gateway = await startSlow();
    const [one, other] = [await openSocket(gateway.origin), await openSocket(gateway.origin)];
    one.subscribe('1', review('same'));
    await gateway.asked('same');
    other.subscribe('1', review('same'));
    other.subscribe('2', QUERY);
    await other.outcomeOf('2');
    one.send({ id: '1', type: 'complete' });
    one.subscribe('2', QUERY);
    await one.outcomeOf('2');
    expect(gateway.isLeft('same')).toBe(false);
    gateway.answer('same');
    expect((await other.outcomeOf('1'))[0]?.payload).toEqual(found('same'));
  });

  test('ends with its socket, where that is closed or cut', async () => {
    const gateway = await startSlow();
    for (const leave of ['close', 'terminate'] as const) {
      const { socket, subscribe } = await openSocket(gateway.origin);
      subscribe('1', review(leave));
      await gateway.asked(leave);
      socket[leave]();
      await vi.waitUntil(() => gateway.isLeft(leave), PATIENCE);
    }
  });

  test('frees its place among the streams', async () => {
    const gateway = await start({ MAX_STREAMS_PER_CALLER: '1' });
    const { subscribe, send, first } = await openSocket(gateway.origin);
    for (const id of ['a', 'b', 'c']) {
      subscribe(id, live('invite-pending'));
      expect(await first(1, id)).toMatchObject([{ type: 'next' }]);
      send({ id, type: 'complete' });
    }
    const stream = subscribeTo(gateway.origin, [{ smartInvite: { smartInviteId: 'invite-pending' } }]);
    expect(await stream.first(1)).toMatchObject([{ invitation: { status: 'PENDING' } }]);
  });
});

describe('an id that is used again', () => {
  test('for a query after a completed one never gets the answer of that one', async () => {
    const gateway = await startSlow();
    const { subscribe, send, outcomeOf } = await openSocket(gateway.origin);
    subscribe('1', review('first'));
    await gateway.asked('first');
    send({ id: '1', type: 'complete' });
    subscribe('1', review('second'));
    await gateway.asked('second');
    gateway.answer('first');
    gateway.answer('second');
    expect(await outcomeOf('1')).toEqual([
      { id: '1', type: 'next', payload: found('second') },
      { id: '1', type: 'complete' },
    ]);
  });

  test('gets messages of the second operation alone, also where all frames come in one piece', async () => {
    const gateway = await startSlow();
    const { say, messages } = await openRawWebSocket(gateway.origin);
    const complete = { id: '1', type: 'complete' };
    const subscribe = (payload: object) => ({ id: '1', type: 'subscribe', payload });
    say(subscribe(review('first')), complete, subscribe(review('second')), complete, subscribe(review('third')));
    await gateway.asked('third');
    for (const id of ['first', 'second', 'third']) gateway.answer(id);
    await vi.waitUntil(() => messages().some(({ type }) => type === 'complete'), PATIENCE);
    expect(messages()).toEqual([
      { id: '1', type: 'next', payload: found('third') },
      { id: '1', type: 'complete' },
    ]);
  });

  const again = (...payloads: readonly object[]) =>
    payloads.flatMap((payload, n) => [
      ...(n === 0 ? [] : [{ id: '1', type: 'complete' }]),
      { id: '1', type: 'subscribe', payload },
    ]);

  test('for a query, after a subscription that had begun, gets its answer and one completion', async () => {
    const gateway = await start();
    const { say, messages } = await openRawWebSocket(gateway.origin);
    say(...again(live('invite-pending')));
    await vi.waitUntil(() => messages().length === 1, PATIENCE);
    say(...again(QUERY, QUERY).slice(1));
    await vi.waitUntil(() => messages().length >= 3, PATIENCE);
    say({ type: 'ping' });
    await vi.waitUntil(() => messages().some(({ type }) => type === 'pong'), PATIENCE);
    expect(messages().slice(1)).toEqual([
      { id: '1', type: 'next', payload: ANSWER },
      { id: '1', type: 'complete' },
      { type: 'pong' },
    ]);
  });

  test('for a subscription, after one that had begun, gets its own events, and no completion of that one', async () => {
    const gateway = await start({ MAX_STREAMS_PER_CALLER: '2' });
    const { say, messages } = await openRawWebSocket(gateway.origin);
    say(...again(live('invite-pending')));
    await vi.waitUntil(() => messages().length === 1, PATIENCE);
    say(...again(QUERY, live('board-meeting', 'invite-tentative')).slice(1));
    await vi.waitUntil(() => messages().length >= 2, PATIENCE);
    say({ type: 'ping' });
    await vi.waitUntil(() => messages().some(({ type }) => type === 'pong'), PATIENCE);
    expect(
      messages()
        .slice(1)
        .filter(({ type }) => type === 'complete'),
    ).toEqual([]);
    gateway.sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' });
    const other = subscribeTo(gateway.origin, [{ smartInvite: { smartInviteId: 'invite-pending' } }]);
    await other.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    expect(JSON.stringify(messages().slice(1))).not.toContain('invite-pending');
    expect(
      messages()
        .slice(1)
        .some(({ type }) => type === 'next'),
    ).toBe(true);
  });

  test('for a subscription, after one that had not begun, gets no message of that one, which keeps no place', async () => {
    const gateway = await start({ MAX_STREAMS_PER_CALLER: '2' });
    const { say, messages } = await openRawWebSocket(gateway.origin);
    say(...again(live('invite-pending'), live('board-meeting')));
    await vi.waitUntil(() => messages().length >= 1, PATIENCE);
    gateway.sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' });
    const other = subscribeTo(gateway.origin, [{ smartInvite: { smartInviteId: 'invite-pending' } }]);
    await other.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    say({ type: 'ping' });
    await vi.waitUntil(() => messages().some(({ type }) => type === 'pong'), PATIENCE);
    expect(JSON.stringify(messages())).not.toContain('invite-pending');
    expect(messages()[0]).toMatchObject({ type: 'next', payload: { data: { invitationChanged: {} } } });
  });

  test('while an event of the first operation waits for a slow reader is not completed by the end of that operation', async () => {
    const gateway = await start({ MAX_STREAMS_PER_CALLER: '2' });
    const description = 'x'.repeat(200 * 1024);
    const { event } = { event: { description, start: { time: '2030-05-02' }, end: { time: '2030-05-03' } } };
    const recipients = [{ email: 'one@example.org', status: 'pending' }];
    gateway.sandbox.cronofy.put({ smart_invite_id: 'heavy', recipients, event });
    const heavy = Array.from(
      { length: 15 },
      (_, n) => `a${n}: smartInvite(smartInviteId: "heavy") { event { description } }`,
    );
    const raw = await openRawWebSocket(gateway.origin);
    const asked = (id: string) =>
      vi.waitUntil(() => gateway.sandbox.cronofy.calls.some(({ target }) => target.includes(id)), PATIENCE);
    raw.socket.pause();
    for (const id of ['x', 'y', 'z']) raw.say({ id, type: 'subscribe', payload: { query: `{ ${heavy.join(' ')} }` } });
    await asked('heavy');
    raw.say(...again(live('invite-pending')));
    await asked('invite-pending');
    raw.say(...again(QUERY, live('board-meeting', 'invite-tentative')).slice(1));
    await asked('board-meeting');
    raw.socket.resume();
    const of = () => raw.messages().filter(({ id }) => id === '1');
    await vi.waitUntil(() => JSON.stringify(of()).includes('board-meeting'), PATIENCE);
    raw.say({ type: 'ping' });
    await vi.waitUntil(() => raw.messages().some(({ type }) => type === 'pong'), PATIENCE);
    expect(of().filter(({ type }) => type === 'complete')).toEqual([]);
    raw.socket.destroy();
    for (const _ of [1, 2]) {
      const stream = subscribeTo(gateway.origin, [{ smartInvite: { smartInviteId: 'invite-pending' } }]);
      expect(await stream.first(1)).toMatchObject([{ invitation: { status: 'PENDING' } }]);
    }
  });
});

test('what an operation says after its client has completed it is no message of the next one with that id', () => {
  const ids = new SocketIds();
  const subscribe = JSON.stringify({ type: 'subscribe', id: 'a', payload: QUERY });
  const next = (own: string) => `{"id":"${own}","type":"next","payload":{}}`;
  expect(ids.own(subscribe)).toMatchObject({ id: '1 a' });
  expect(ids.theirs(next('1 a'))).toBe(next('a'));
  ids.own('{"type":"complete","id":"a"}');
  expect(ids.own(subscribe)).toMatchObject({ id: '2 a' });
  expect(ids.theirs(next('1 a'))).toBeUndefined();
  expect(ids.theirs('{"id":"1 a","type":"complete"}')).toBeUndefined();
  expect(ids.theirs(next('2 a'))).toBe(next('a'));
});

test.each(['connection_ack', 'next', 'error', 'nothing'])(
  'a message that no client sends (%s) closes the socket as the caller’s fault, and is not logged',
  async (type) => {
    const gateway = await start();
    const socket = await openRawWebSocket(gateway.origin);
    socket.say({ type, id: 'x', payload: [{ message: 'x' }] });
    expect(await socket.closeCode()).toBe(4400);
    expect(gateway.log).toEqual([]);
  },
);
