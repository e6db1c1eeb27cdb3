// A caller who leaves during a slow read ends its own upstream call, and no other.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

const READ = 'query($id: ID!) { reviewInvitation(invitationId: $id) { invitationId deliveryStatus } }';

interface SlowCall {
  /** Resolves when the connection was closed before an answer was sent. */
  readonly closed: Promise<'closed'>;
  readonly isClosed: () => boolean;
  answer(): void;
}

interface SlowProvider {
  /** The call for this invitation, once it is there. */
  call(id: string): Promise<SlowCall>;
  readonly ids: readonly string[];
}

/** A gateway whose Partoo answers when the test tells it to. */
async function startSlow(): Promise<{ gateway: TestGateway; partoo: SlowProvider }> {
  const ids: string[] = [];
  const calls = new Map<string, SlowCall>();
  const server = createServer((request, response) => {
    const id = new URL(request.url ?? '', 'http://partoo').searchParams.get('invitation_id') ?? '';
    ids.push(id);
    calls.set(id, slowCall(request, response, id));
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
  const call = (id: string) => vi.waitUntil(() => calls.get(id), { interval: 5 }) as Promise<SlowCall>;
  return { gateway, partoo: { call, ids } };
}

function slowCall(request: IncomingMessage, response: ServerResponse, id: string): SlowCall {
  const socket: Socket = request.socket;
  const isClosed = () => socket.destroyed && !response.writableFinished;
  const closed = new Promise<'closed'>((resolve) => {
    response.once('close', () => {
      if (!response.writableFinished) resolve('closed');
    });
  });
  return {
    closed,
    isClosed,
    answer: () => void response.end(JSON.stringify({ invitation_id: id, status: 'SENT' })),
  };
}

test('a caller who leaves during a slow read closes its upstream call, and another read continues', async () => {
  const { gateway, partoo } = await startSlow();
  // The one who stays came first: were it a timeout that closes the other's call, this one's would be closed by then.
  const stayed = gateway.query(READ, { id: 'two' });
  const two = await partoo.call('two');
  const leaving = new AbortController();
  const left = gateway.query(READ, { id: 'one' }, { signal: leaving.signal }).catch((error: Error) => error.name);
  const one = await partoo.call('one');

  leaving.abort();
  expect(await left).toBe('AbortError');
  expect(await one.closed).toBe('closed');
  expect(two.isClosed()).toBe(false);

  two.answer();
  expect((await stayed).data).toEqual({ reviewInvitation: { invitationId: 'two', deliveryStatus: 'SENT' } });
  expect([...partoo.ids].sort()).toEqual(['one', 'two']);
});

test('a caller who leaves closes every upstream call of its operation, also of a compiled one', async () => {
  const { gateway, partoo } = await startSlow();
  const query =
    'query($a: ID!, $b: ID!) { nodes: invitations(refs: [{ reviewInvitation: { invitationId: $a } }, { reviewInvitation: { invitationId: $b } }]) { id } }';
  for (const n of [1, 2, 3]) {
    const stayed = gateway.query(READ, { id: `c${n}` });
    const c = await partoo.call(`c${n}`);
    const leaving = new AbortController();
    const left = gateway.query(query, { a: `a${n}`, b: `b${n}` }, { signal: leaving.signal }).catch(() => 'left');
    const calls = await Promise.all([partoo.call(`a${n}`), partoo.call(`b${n}`)]);
    leaving.abort();
    expect(await left).toBe('left');
    expect(await Promise.all(calls.map(({ closed }) => closed))).toEqual(['closed', 'closed']);
    expect(c.isClosed()).toBe(false);
    c.answer();
    await stayed;
  }
  expect(partoo.ids).toHaveLength(9);
});

test('a caller who leaves cancels its queued calls, and they are never made', async () => {
  const { gateway, partoo } = await startSlow();
  const ids = Array.from({ length: 40 }, (_, n) => `queued-${n}`);
  const refs = ids.map((invitationId) => ({ reviewInvitation: { invitationId } }));
  const leaving = new AbortController();
  const query = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';
  const left = gateway.query(query, { refs }, { signal: leaving.signal }).catch(() => 'left');
  const inFlight = await Promise.all(ids.slice(0, 32).map((id) => partoo.call(id)));
  leaving.abort();
  await left;
  await Promise.all(inFlight.map(({ closed }) => closed));

  // Their places are free again: the next caller's read gets one, and nothing else does.
  const next = gateway.query(READ, { id: 'next' });
  (await partoo.call('next')).answer();
  expect((await next).data).toEqual({ reviewInvitation: { invitationId: 'next', deliveryStatus: 'SENT' } });
  expect([...partoo.ids].sort()).toEqual([...ids.slice(0, 32), 'next'].sort());
});

test('a caller who leaves causes no error in the log', async () => {
  const { gateway, partoo } = await startSlow();
  const leaving = new AbortController();
  const left = gateway.query(READ, { id: 'one' }, { signal: leaving.signal }).catch(() => 'left');
  const one = await partoo.call('one');
  leaving.abort();
  await left;
  await one.closed;

  const next = gateway.query(READ, { id: 'two' });
  (await partoo.call('two')).answer();
  await next;
  expect(gateway.log.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
});
