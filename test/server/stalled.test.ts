// A reader that asks and then takes nothing of what comes back keeps neither its connection nor what waits for it; one
// that reads slowly keeps both.

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { sendResult } from '../../src/server/result.ts';
import { createScrapeHandler } from '../../src/server/scrape.ts';
import { sendEvents } from '../../src/server/sse.ts';
import { cutStalled } from '../../src/server/stalled.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

const MEGABYTE = 1024 * 1024;

/** Asks, and reads nothing. */
async function askUnread(origin: string, asked: string): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write(asked);
  return socket;
}

/** Resolves when the other side has cut it: who does not read notices it when it writes. */
async function cut(socket: Socket): Promise<void> {
  // A line break before a request is nothing to HTTP.
  const writing = setInterval(() => socket.write('\r\n'), 50);
  // Not by `once`, which an error ends.
  if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve));
  clearInterval(writing);
}

const GET = 'GET / HTTP/1.1\r\nhost: gateway\r\n\r\n';

describe('with a bound of a fifth of a second', () => {
  // More than the system keeps for a reader.
  const result = { data: { text: 'x'.repeat(30 * MEGABYTE) } };

  async function* endless() {
    for (;;) yield { data: { text: 'x'.repeat(MEGABYTE) } };
  }

  async function* slices() {
    for (;;) yield 'x'.repeat(MEGABYTE);
  }

  const scrape = createScrapeHandler(slices, 'text/plain; charset=utf-8');

  const ANSWERS: readonly [name: string, listener: RequestListener][] = [
    ['an answer', (_, response) => sendResult(response, 'application/json', result, 'a')],
    ['a stream of events', (_, response) => void sendEvents(response, endless(), Number.POSITIVE_INFINITY)],
    ['a text in slices', (request, response) => void scrape(request, response)],
  ];

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    cutStalled(server, 200);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test.each(ANSWERS)('%s that is never read is dropped, and its connection cut', async (_, listener) => {
    const ended = Promise.withResolvers<boolean>();
    const origin = await serve((request, response) => {
      response.once('close', () => ended.resolve(response.writableFinished));
      listener(request, response);
    });
    await cut(await askUnread(origin, GET));
    expect(await ended.promise).toBe(false);
  });

  test('an answer that waits behind one that is never read goes with it', async () => {
    const left = Promise.withResolvers<void>();
    let answers = 0;
    const origin = await serve((_, response) => {
      response.once('close', () => {
        answers -= 1;
        if (answers === 0) left.resolve();
      });
      answers += 1;
      sendResult(response, 'application/json', result, 'a');
    });
    await cut(await askUnread(origin, GET + GET));
    await left.promise;
  });

  test('a reader that takes a piece now and then is not cut, nor one that has nothing to take', async () => {
    const origin = await serve((_, response) => {
      void sendEvents(response, endless(), Number.POSITIVE_INFINITY);
    });
    const idle = await askUnread(origin, '');
    const reader = await askUnread(origin, GET);
    for (let n = 0; n < 30; n++) {
      await sleep(50);
      reader.resume();
      for (let taken = 0; taken < 3 * MEGABYTE; ) taken += ((await once(reader, 'data')) as [Buffer])[0].length;
      reader.pause();
    }
    expect([idle.readyState, reader.readyState]).toEqual(['open', 'open']);
    for (const socket of [idle, reader]) socket.destroy();
  });
});

describe.concurrent('with the bound of the gateway', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
    gateway.sandbox.cronofy.put({
      smart_invite_id: 'heavy',
      recipients: [{ email: 'one@example.org', status: 'pending' }],
      event: { description: 'x'.repeat(200 * 1024), start: { time: '2030-05-02' }, end: { time: '2030-05-03' } },
    });
  });
  afterAll(() => gateway.stop());

  const invite = (n: number) => `a${n}: smartInvite(smartInviteId: "heavy") { event { description } }`;
  const query = encodeURIComponent(`{ ${Array.from({ length: 15 }, (_, n) => invite(n)).join(' ')} }`);

  test.each([
    ['answers', () => gateway.origin, `/graphql?query=${query}`, 10],
    ["the operator's metrics", () => gateway.adminOrigin, '/metrics', 1_000],
  ])(
    '%s that are never read do not keep a connection',
    async (_, originOf, path, times) => {
      const origin = originOf();
      const head = `GET ${path} HTTP/1.1\r\nhost: ${new URL(origin).host}\r\n\r\n`;
      await cut(await askUnread(origin, head.repeat(times)));
      expect((await fetch(`${origin}/health`)).status).toBe(200);
    },
    60_000,
  );
});
