// Requests that a client sends on one connection without waiting for the answers: they are served one after the other, and
// none that is still to come holds anything.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

async function start(): Promise<TestGateway> {
  const gateway = await startTestGateway({ sandbox: { partoo: { latencyMs: 200 } } });
  onTestFinished(() => gateway.stop());
  return gateway;
}

async function open({ origin }: TestGateway): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

function get(query: string, more = ''): string {
  return `GET /graphql?query=${encodeURIComponent(query)} HTTP/1.1\r\nhost: gateway\r\n${more}\r\n`;
}

const review = (id: string) => get(`{ reviewInvitation(invitationId: "${id}") { invitationId } }`);

test('each is served when the answer before it is sent, and answered in order', async () => {
  const gateway = await start();
  const socket = await open(gateway);
  const ids = ['review-sent', 'review-created', 'review-delivered'];
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.write(ids.map(review).join(''));
  for (const [n, id] of ids.entries()) {
    await vi.waitUntil(() => gateway.sandbox.partoo.calls.length > n, { interval: 1 });
    const asked = gateway.sandbox.partoo.calls.map(({ target }) => target);
    expect(asked).toHaveLength(n + 1);
    expect(asked.at(-1)).toContain(id);
    // Those before it are answered.
    expect(received.match(/"invitationId"/g) ?? []).toHaveLength(n);
  }
  await vi.waitUntil(() => received.match(/"invitationId":"[\w-]+"/g)?.length === ids.length);
  expect(received.match(/(?<="invitationId":")[\w-]+/g)).toEqual(ids);
});

test.each([
  'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n',
  'GET /x HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
])('streams that are cut off before their turn hold no places (%j)', async (last) => {
  const gateway = await start();
  const stream = get(
    'subscription { invitationChanged(refs: [{ smartInvite: { smartInviteId: "invite-pending" } }]) { status } }',
    'accept: text/event-stream\r\n',
  );
  const openStreams = async () =>
    /gateway_streams\{transport="sse"\} (\d+)/.exec(await (await fetch(`${gateway.adminOrigin}/metrics`)).text())?.[1];
  for (let n = 0; n < 3; n++) {
    const socket = await open(gateway);
    socket.write(stream.repeat(5) + last);
    await once(socket, 'close');
  }
  await vi.waitUntil(async () => (await openStreams()) === '0');
});
