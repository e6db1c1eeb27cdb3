// The sockets of both ports, as V8 sees them.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { expect, onTestFinished, test } from 'vitest';
import { startTestGateway } from '../harness.ts';

setFlagsFromString('--allow-natives-syntax');
// Read once the flag is set: it is no syntax before.
const haveOneShape = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
  a: object,
  b: object,
) => boolean;

/** The gateway's end of a connection, by the port that it came to, once it was answered. */
function answered(): ReadonlyMap<string, Socket> {
  const sockets = new Map<string, Socket>();
  const note = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    sockets.set(String(socket.localPort), socket);
  };
  subscribe('http.server.response.finish', note);
  onTestFinished(() => void unsubscribe('http.server.response.finish', note));
  return sockets;
}

function socketAt(origin: string, sockets: ReadonlyMap<string, Socket>): Socket {
  const socket = sockets.get(new URL(origin).port);
  if (socket === undefined) throw new Error('no request was answered there');
  return socket;
}

test.each(['/health', '/metrics', '/status'])(
  'a connection that asked the admin port for %s has the shape of one that sent an operation',
  async (path) => {
    const gateway = await startTestGateway();
    onTestFinished(() => gateway.stop());
    const sockets = answered();
    await gateway.query('{ __typename }');
    await (await fetch(gateway.adminOrigin + path)).text();
    expect(haveOneShape(socketAt(gateway.origin, sockets), socketAt(gateway.adminOrigin, sockets))).toBe(true);
  },
);

test('a connection that asked the port for callers for a probe alone has it, too', async () => {
  const gateway = await startTestGateway();
  const other = await startTestGateway();
  onTestFinished(async () => void (await Promise.all([gateway.stop(), other.stop()])));
  const sockets = answered();
  await gateway.query('{ __typename }');
  await (await fetch(`${other.origin}/ready`)).text();
  expect(haveOneShape(socketAt(gateway.origin, sockets), socketAt(other.origin, sockets))).toBe(true);
});
