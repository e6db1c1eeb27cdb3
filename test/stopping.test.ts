// A process that is told to go, as Kubernetes and a terminal do it: nothing that a caller sends meanwhile is lost.

import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient as createWsClient } from 'graphql-ws';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { invite, review, subscribeTo } from './live/subscriber.ts';
import { endRuns, PATIENCE_MS, startGateway } from './process.ts';
import { startProviderOnDemand } from './provider-on-demand.ts';
import { openSocket } from './server/socket-client.ts';

afterEach(endRuns);

const PATIENCE = { timeout: PATIENCE_MS, interval: 10 };
const SLOW = PATIENCE_MS * 3;

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

/** Rejects where the connection is refused or breaks. @param agent false for a connection of its own. */
async function ask(origin: string, id: string, agent: Agent | false = false): Promise<Answer> {
  const query = `{ reviewInvitation(invitationId: "${id}") { deliveryStatus } }`;
  const headers = { 'content-type': 'application/json' };
  const sent = request(`${origin}/graphql`, { method: 'POST', headers, agent });
  sent.end(JSON.stringify({ query }));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, connection: answer.headers.connection, body: await text(answer) };
}

async function readiness(origin: string): Promise<number> {
  return (await fetch(`${origin}/ready`)).status;
}

function isListening(origin: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** One connection that is kept alive. */
function keptAlive(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return agent;
}

const SENT = '{"data":{"reviewInvitation":{"deliveryStatus":"SENT"}}}';

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('lets everything be served for DRAIN_SECONDS while /ready refuses, then finishes what is in flight, and ends with 0', {
    timeout: SLOW,
  }, async () => {
    const provider = await startProviderOnDemand();
    const gateway = await startGateway({ ...provider.variables, DRAIN_SECONDS: '5' });
    const { origin, child, ended, stderr } = gateway;
    const kept = keptAlive();
    const before = ask(origin, 'before', kept);
    await provider.asked(1);
    provider.answer();
    expect(await before).toMatchObject({ status: 200, connection: 'keep-alive', body: SENT });
    expect(await readiness(origin)).toBe(200);

    child.kill(signal);
    const toldAt = performance.now();
    await vi.waitUntil(async () => (await readiness(origin)) === 503, PATIENCE);
    expect((await fetch(`${origin}/health`)).status).toBe(200);
    const answers: Answer[] = [];
    // Until the listener closes: whoever comes in that moment may be refused, and nobody before.
    let refusedAt: number | undefined;
    while (refusedAt === undefined) {
      for (const asked of await Promise.allSettled([ask(origin, 'new'), ask(origin, 'kept', kept)])) {
        if (asked.status === 'fulfilled') answers.push(asked.value);
        else refusedAt = performance.now();
      }
      await sleep(10);
    }
    // A timer of another process may be early by part of a millisecond.
    expect(refusedAt - toldAt).toBeGreaterThan(4_990);
    expect(answers.length).toBeGreaterThan(10);
    for (const { status, body } of answers) expect([status, body]).toEqual([200, SENT]);

    await vi.waitUntil(async () => !(await isListening(origin)), PATIENCE);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(stderr()).toBe('');
  });
});

test('what is in flight when the listener closes is answered, and its connection ends', { timeout: SLOW }, async () => {
  const provider = await startProviderOnDemand();
  const { origin, child, ended } = await startGateway({ ...provider.variables, DRAIN_SECONDS: '0' });
  const inFlight = ask(origin, 'slow', keptAlive());
  await provider.asked(1);
  child.kill('SIGTERM');
  await vi.waitUntil(async () => !(await isListening(origin)), PATIENCE);
  expect(child.exitCode).toBeNull();
  provider.answer();
  // Or the process would wait for a caller that keeps its connection.
  expect(await inFlight).toEqual({ status: 200, connection: 'close', body: SENT });
  expect(await ended).toEqual({ code: 0, signal: null });
});

test('a connection that is kept alive is told to end in the second half, and a new one is still taken', async () => {
  const { origin, child } = await startGateway({ DRAIN_SECONDS: '4' });
  const kept = keptAlive();
  child.kill('SIGTERM');
  await vi.waitUntil(async () => (await readiness(origin)) === 503, PATIENCE);
  const connections: (string | undefined)[] = [];
  await vi.waitUntil(async () => {
    const { status, connection } = await ask(origin, 'review-sent', kept);
    expect(status).toBe(200);
    connections.push(connection);
    return connection === 'close';
  }, PATIENCE);
  expect(connections[0]).toBe('keep-alive');
  expect(await isListening(origin)).toBe(true);
  expect(await ask(origin, 'review-sent', kept)).toMatchObject({ status: 200, connection: 'close' });
});

describe('a stream', () => {
  test('over SSE goes on while the process drains, and completes when the listener is closed', async () => {
    const { origin, child, ended } = await startGateway({ DRAIN_SECONDS: '3' });
    const stream = subscribeTo(origin, [review('review-sent')]);
    await stream.first(1);
    child.kill('SIGTERM');
    await vi.waitUntil(async () => (await readiness(origin)) === 503, PATIENCE);
    const late = subscribeTo(origin, [review('review-sent')]);
    await late.first(1);
    expect(await Promise.all([stream.completed, late.completed])).toEqual(['completed', 'completed']);
    expect(await isListening(origin)).toBe(false);
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  test('over WebSocket is not completed: the socket closes with 1001', async () => {
    const { origin, child, ended } = await startGateway({ DRAIN_SECONDS: '1' });
    const { closed, messages, ...client } = await openSocket(origin);
    const query = 'subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { status } }';
    client.subscribe('1', { query, variables: { refs: [invite('invite-pending')] } });
    client.subscribe('2', { query, variables: { refs: [review('review-sent')] } });
    await Promise.all([client.first(1, '1'), client.first(1, '2')]);
    child.kill('SIGTERM');
    expect(await closed).toBe(1001);
    expect(messages.map(({ type }) => type)).toEqual(['next', 'next']);
    expect(await isListening(origin)).toBe(false);
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  test("of graphql-ws's client goes on at the next process by itself", async () => {
    const [first, second] = [await startGateway({ DRAIN_SECONDS: '0' }), await startGateway({})];
    let origin = first.origin;
    const client = createWsClient({
      url: () => `${origin.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      // Its own wait is one to four seconds.
      retryWait: () => Promise.resolve(),
    });
    onTestFinished(() => void client.dispose());
    const query = 'subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { status } }';
    const events = client.iterate({ query, variables: { refs: [invite('invite-pending')] } });
    expect((await events.next()).value.data).toEqual({ invitationChanged: { status: 'PENDING' } });
    origin = second.origin;
    first.child.kill('SIGTERM');
    expect((await events.next()).value.data).toEqual({ invitationChanged: { status: 'PENDING' } });
    expect((await first.ended).code).toBe(0);
  });
});

describe('a second signal', () => {
  /** So that the process takes two signals for two. */
  const apart = () => new Promise((resolve) => setTimeout(resolve, 600));

  test('ends the drain at once, and what is in flight is still answered', { timeout: SLOW }, async () => {
    const provider = await startProviderOnDemand();
    const { origin, child, ended } = await startGateway({ ...provider.variables, DRAIN_SECONDS: '600' });
    child.kill('SIGTERM');
    await vi.waitUntil(async () => (await readiness(origin)) === 503, PATIENCE);
    await apart();
    const inFlight = ask(origin, 'slow');
    await provider.asked(1);
    child.kill('SIGINT');
    await vi.waitUntil(async () => !(await isListening(origin)), PATIENCE);
    provider.answer();
    expect(await inFlight).toMatchObject({ status: 200, body: SENT });
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  test('and a third do not wait for what is in flight either, and the process ends with 1', async () => {
    const provider = await startProviderOnDemand();
    const { origin, child, ended } = await startGateway({ ...provider.variables, DRAIN_SECONDS: '600' });
    const inFlight = ask(origin, 'slow').catch(() => 'broken');
    await provider.asked(1);
    for (const _ of [1, 2, 3]) {
      child.kill('SIGTERM');
      await apart();
    }
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(await inFlight).toBe('broken');
  });

  test('is the first one where both come at once: a terminal sends it to npm too, which passes it on', async () => {
    const { origin, child } = await startGateway({ DRAIN_SECONDS: '600' });
    child.kill('SIGINT');
    // Another one, because the system makes one of two that are alike.
    child.kill('SIGTERM');
    await vi.waitUntil(async () => (await readiness(origin)) === 503, PATIENCE);
    await apart();
    expect(await readiness(origin)).toBe(503);
    expect(child.exitCode).toBeNull();
  });
});

test('the sandbox ends at the first signal, though a page is live on it', async () => {
  const { origin, child, ended, stdout } = await startGateway({});
  const query =
    'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-moving-1" } }]) { id } }';
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const page = await fetch(`${origin}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const reading = page.text();
  child.kill('SIGINT');
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(stdout()).toContain('"drainMs":0');
  expect(await reading).toContain('event: complete');
});

test('a process that has nothing to do ends, too', async () => {
  const { child, ended } = await startGateway({ DRAIN_SECONDS: '0.2' });
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null });
});
