// A process whose files are all in use: callers that would connect are turned away, by it or by the system, and the log
// says so. It runs with a small limit, as `ulimit -n` sets it.

import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { endRuns, PATIENCE_MS, type Run, startGatewayWithFiles } from '../process.ts';
import { startProviderOnDemand } from '../provider-on-demand.ts';

afterEach(endRuns);

const PATIENCE = { timeout: PATIENCE_MS, interval: 20 };
const SLOW = PATIENCE_MS * 4;
const FILES = 64;

/** What the log says of connections, a line each. */
function told({ stdout }: Run) {
  const lines = stdout()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line)).filter(({ msg }) => /callers are/.test(msg));
}

/** Connections that say nothing. */
function crowd(origin: string, size: number): Socket[] {
  const sockets = Array.from({ length: size }, () => connect(Number(new URL(origin).port), '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => undefined);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

/** One caller that keeps the connection that it has. */
function createCaller(origin: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const ask = async (path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(origin + path, { method: body ? 'POST' : 'GET', agent, headers });
    sent.end(body && JSON.stringify(body));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return JSON.parse(await text(answer));
  };
  return { ready: () => ask('/ready'), query: (query: string) => ask('/graphql', { query }) };
}

test('a crowd of callers is refused, logged once and counted; connected callers are served, and afterwards all are', {
  timeout: SLOW,
}, async () => {
  const provider = await startProviderOnDemand();
  const gateway = await startGatewayWithFiles(FILES, provider.variables);
  const { ready, query } = createCaller(gateway.origin);
  expect(await ready()).toEqual({ status: 'ready', degraded: [] });

  const sockets = crowd(gateway.origin, 2 * FILES);
  await vi.waitUntil(() => told(gateway).length > 0, PATIENCE);
  expect(told(gateway)[0]).toMatchObject({ level: 50, reason: 'MAX_CONNECTIONS' });
  expect(await ready()).toEqual({ status: 'degraded', degraded: ['CONNECTIONS'] });
  // The crowd has not taken what the provider is called with.
  provider.answer();
  expect(await query('{ reviewInvitation(invitationId: "one") { deliveryStatus } }')).toEqual({
    data: { reviewInvitation: { deliveryStatus: 'SENT' } },
  });

  for (const socket of sockets) socket.destroy();
  await vi.waitUntil(() => told(gateway).length > 1, PATIENCE);
  expect(told(gateway)).toHaveLength(2);
  expect(told(gateway)[1].dropped).toBeGreaterThan(FILES);
  expect(await createCaller(gateway.origin).ready()).toEqual({ status: 'ready', degraded: [] });
});

test('a system without a free file is logged once too, and once more when files are free again', {
  timeout: SLOW,
}, async () => {
  const provider = await startProviderOnDemand();
  const gateway = await startGatewayWithFiles(FILES, provider.variables);
  const { ready, query } = createCaller(gateway.origin);
  const refs = Array.from({ length: 32 }, (_, n) => `{ reviewInvitation: { invitationId: "${n}" } }`);
  const answer = query(`{ invitations(refs: [${refs.join()}]) { status } }`);
  await provider.asked(32);
  const sockets = crowd(gateway.origin, FILES);
  await vi.waitUntil(() => told(gateway).length > 0, PATIENCE);
  for (const socket of sockets) socket.destroy();
  provider.answer();
  await answer;
  await vi.waitUntil(() => told(gateway).length > 1, PATIENCE);
  expect(told(gateway).map(({ reason }) => reason)).toEqual(['EMFILE', undefined]);
  expect(await ready()).toMatchObject({ status: expect.stringMatching(/ready|degraded/) });
  expect((await createCaller(gateway.origin).ready()).degraded).not.toContain('CONNECTIONS');
  expect(gateway.child.exitCode).toBeNull();
});
