// What one WebSocket may hold on to and send: a client that floods, that does not read, or that does not close when it is
// told to, costs a bounded amount, and takes no place from others.

import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { review, subscribeTo } from '../live/subscriber.ts';
import { BINARY, frame, openRawWebSocket, PING, PONG, type RawWebSocket, TEXT } from './raw-websocket.ts';
import { openSocket } from './socket-client.ts';

const PATIENCE = { interval: 5 };
const LIVE =
  'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-sent" } }]) { status } }';
const HEAVY = '{ smartInvite(smartInviteId: "heavy") { event { description } } }';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway({ environment: { MAX_STREAMS_PER_CALLER: '1' } });
  gateway.sandbox.cronofy.put({
    smart_invite_id: 'heavy',
    recipients: [{ email: 'one@example.org', status: 'pending' }],
    event: {
      description: 'x'.repeat(200 * 1024),
      start: { time: '2030-05-02', tzid: 'Etc/UTC' },
      end: { time: '2030-05-03', tzid: 'Etc/UTC' },
    },
  });
});
afterEach(() => gateway.stop());

const isAlive = async () => (await fetch(`${gateway.origin}/health`)).status === 200;

describe('a client that ignores a close frame keeps no place', () => {
  const again = { id: '1', type: 'subscribe', payload: { query: LIVE } };

  test.each<[string, number, (raw: RawWebSocket) => void]>([
    ['for using an id twice', 4409, ({ say }) => say(again)],
    ['for using an id many times at once', 4409, ({ say }) => say(again, again, again)],
    ['for an invalid message', 4400, ({ send }) => send(frame(TEXT, 'nothing'))],
    ['for a binary message', 4400, ({ send }) => send(frame(BINARY, JSON.stringify({ type: 'ping' })))],
    ['for a second greeting', 4429, ({ say }) => say({ type: 'connection_init' })],
    ['for a message that is too large', 1009, ({ send }) => send(frame(TEXT, 'x'.repeat(101 * 1024)))],
    ['for bytes that are not UTF-8', 1007, ({ send }) => send(frame(TEXT, Buffer.of(0xff)))],
    ['for too many messages', 1008, ({ say }) => say(...Array(600).fill({ type: 'ping' }))],
    [
      'for too many bytes',
      1008,
      ({ send }) => send(...Array(50).fill(frame(TEXT, `{"type":"pong","payload":{"a":"${'x'.repeat(95_000)}"}}`))),
    ],
  ])('%s: %i', async (_, code, misbehave) => {
    const raw = await openRawWebSocket(gateway.origin);
    raw.say({ id: '1', type: 'subscribe', payload: { query: LIVE } });
    await vi.waitUntil(() => raw.messages().some(({ type }) => type === 'next'), PATIENCE);
    misbehave(raw);
    expect(await raw.closeCode()).toBe(code);
    const next = subscribeTo(gateway.origin, [review('review-sent')]);
    expect(await next.first(1)).toMatchObject([{ invitation: { status: 'PENDING' } }]);
    // It is cut, though it never closes.
    if (!raw.socket.readableEnded) await once(raw.socket, 'end');
    expect(await isAlive()).toBe(true);
  });
});

describe('a client that sends without end is disconnected', () => {
  /** Writes until it is cut; says whether it was, before it had written all that it would. */
  async function flood({ socket, closed }: RawWebSocket, one: Buffer): Promise<boolean> {
    const piece = Buffer.concat(Array(500).fill(one));
    for (let pieces = 0; pieces < 20_000; pieces++) {
      const written = new Promise<boolean>((resolve) => socket.write(piece, (error) => resolve(!error)));
      if (!(await Promise.race([written, closed.then(() => false)]))) return closed.then(() => true);
    }
    return false;
  }

  test.each([
    ['pings of the protocol', frame(PING, 'x'.repeat(125))],
    ['empty pings of the protocol', frame(PING, '')],
    ['unsolicited pongs', frame(PONG, 'x'.repeat(125))],
    ['pings of GraphQL', frame(TEXT, JSON.stringify({ type: 'ping', payload: { a: 'x'.repeat(100) } }))],
    ['pongs of GraphQL', frame(TEXT, JSON.stringify({ type: 'pong' }))],
    ['operations', frame(TEXT, JSON.stringify({ id: '1', type: 'complete' }))],
  ])('with %s, and reads nothing of what comes back', async (_, one) => {
    const raw = await openRawWebSocket(gateway.origin);
    raw.socket.pause();
    const { heapUsed, external } = process.memoryUsage();
    expect(await flood(raw, one)).toBe(true);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - heapUsed - external).toBeLessThan(64 * 1024 * 1024);
    expect(await isAlive()).toBe(true);
  });

  test('and a client that sends fewer has each ping answered, of either kind', async () => {
    const raw = await openRawWebSocket(gateway.origin);
    raw.send(...Array.from({ length: 200 }, (_, n) => frame(PING, String(n))));
    raw.say(...Array(200).fill({ type: 'ping' }));
    await vi.waitUntil(() => raw.frames.length === 400, PATIENCE);
    const pongs = raw.frames.filter(({ opcode }) => opcode === PONG).map(({ payload }) => payload.toString());
    expect(pongs).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
    expect(raw.messages()).toEqual(Array(200).fill({ type: 'pong' }));
  });
});

describe('a client that does not read is disconnected', () => {
  test('when its answers pile up', async () => {
    const raw = await openRawWebSocket(gateway.origin);
    raw.socket.pause();
    const query = `{ ${Array.from({ length: 15 }, (_, n) => `a${n}: ${HEAVY.slice(2, -2)}`).join(' ')} }`;
    // 3 MB each: what the kernel takes, what the gateway takes, and more.
    const asked = Array.from({ length: 20 }, (_, n) => ({ id: String(n), type: 'subscribe', payload: { query } }));
    const before = process.memoryUsage();
    raw.say(...asked);
    // A client that does not read notices it when it writes.
    const writing = setInterval(raw.send, 20, frame(PONG, ''));
    await raw.closed;
    clearInterval(writing);
    const { external, arrayBuffers } = process.memoryUsage();
    expect(external + arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(64 * 1024 * 1024);
    expect(await isAlive()).toBe(true);
  });

  test.each([
    ['of the protocol', frame(PING, '')],
    ['of GraphQL', frame(TEXT, JSON.stringify({ type: 'ping' }))],
  ])('when it sends a ping %s, and its answers pile up', async (_, ping) => {
    const raw = await openRawWebSocket(gateway.origin);
    raw.socket.pause();
    const query = `{ ${Array.from({ length: 15 }, (_, n) => `a${n}: ${HEAVY.slice(2, -2)}`).join(' ')} }`;
    // Few: less waits in the gateway than its limit, and more than a client may have that still gets pongs.
    for (let n = 0; n < 3; n++) raw.say({ id: String(n), type: 'subscribe', payload: { query } });
    const pinging = setInterval(raw.send, 20, ping);
    await raw.closed;
    clearInterval(pinging);
    expect(await isAlive()).toBe(true);
  });
});

describe('concurrent operations', () => {
  test('of one socket are limited to a hundred, and further ones are refused until some end', async () => {
    gateway.sandbox.partoo.misbehave({ mode: 'hang', times: 1 });
    const { subscribe, send, messages, outcomeOf } = await openSocket(gateway.origin);
    const query = '{ reviewInvitation(invitationId: "review-sent", maxAgeSeconds: 60) { status } }';
    for (let n = 0; n < 102; n++) subscribe(String(n), { query });
    const refused = {
      message: expect.stringContaining('100'),
      extensions: { code: 'BAD_USER_INPUT', retryable: false },
    };
    for (const id of ['100', '101']) expect(await outcomeOf(id)).toEqual([{ id, type: 'error', payload: [refused] }]);
    expect(messages).toHaveLength(2);
    for (let n = 0; n < 2; n++) send({ id: String(n), type: 'complete' });
    for (const id of ['more', 'and more']) subscribe(id, { query: '{ __typename }' });
    for (const id of ['more', 'and more']) expect((await outcomeOf(id)).at(0)?.type).toBe('next');
  });

  test('count while they last, and not after', async () => {
    const { subscribe, outcomeOf } = await openSocket(gateway.origin);
    const queries = [
      '{ __typename }',
      '{ nothing }',
      '{ smartInvite(smartInviteId: "nobody") { id } }',
      'query($a: Int!) { a: __typename }',
    ];
    for (let n = 0; n < 300; n++) {
      const id = String(n % 7 === 0 ? 'again' : n);
      subscribe(`${id}-${n}`, { query: queries[n % queries.length] });
      const outcome = await outcomeOf(`${id}-${n}`);
      expect(JSON.stringify(outcome)).not.toContain('at most 100');
    }
  });
});
