// A caller that sends a request a byte a second holds on to a connection for about as long as the limits say: ten seconds
// for the head, thirty for the whole. The bytes are counted, which come once a second; the two wait side by side.

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const HEAD = 'POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n';

/** Sends the beginning at once and then a byte a second; gives how many there were, and what came back. */
async function drip(beginning: string): Promise<{ readonly bytes: number; readonly answer: string }> {
  const { hostname, port } = new URL(gateway.origin);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  let bytes = 0;
  socket.write(beginning);
  const dripping = setInterval(() => {
    bytes += 1;
    socket.write('a');
  }, 1_000);
  const answer = await text(socket).catch(() => '');
  clearInterval(dripping);
  return { bytes, answer };
}

test.concurrent.each([
  ['a head', 'GET /graphql?query=', 9, 12],
  ['a header', `${HEAD}x-long: `, 9, 12],
  [
    'an upgrade',
    'GET /graphql HTTP/1.1\r\nhost: gateway\r\nconnection: upgrade\r\nupgrade: websocket\r\nx-long: ',
    9,
    12,
  ],
  ['a body', `${HEAD}content-length: 1000\r\n\r\n{"query":"`, 29, 32],
  ['a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\n3e8\r\n{"query":"`, 29, 32],
])(
  '%s that arrives a byte a second is cut off in time',
  async (_, beginning, least, most) => {
    const { bytes, answer } = await drip(beginning);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(bytes).toBeGreaterThanOrEqual(least);
    expect(bytes).toBeLessThanOrEqual(most);
  },
  45_000,
);
