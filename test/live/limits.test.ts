// How many streams there may be, and how all of them end: with their readers, or with the gateway.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { startGateway } from '../../src/gateway.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Environment, readSettings } from '../../src/settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { invite, review, subscribeTo } from './subscriber.ts';

let gateway: TestGateway | undefined;
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});

async function start(environment: Environment = {}): Promise<TestGateway> {
  gateway = await startTestGateway({ environment });
  return gateway;
}

test('the eleventh stream of one caller is refused, and accepted once another stream has ended', async () => {
  const { origin } = await start();
  const streams = Array.from({ length: 10 }, () => subscribeTo(origin, [review('review-sent')]));
  await Promise.all(streams.map((stream) => stream.first(1)));
  const refused = subscribeTo(origin, [review('review-sent')]);
  expect(await refused.first(1)).toEqual([{ code: 'RATE_LIMITED' }]);
  expect(await refused.completed).toBe('completed');

  streams[0]?.leave();
  await vi.waitUntil(
    async () => (await subscribeTo(origin, [review('review-sent')]).first(1))[0]?.invitation !== undefined,
  );
});

test('MAX_STREAMS_PER_CALLER and MAX_STREAMS limit the streams of one caller and of all callers', async () => {
  const one = await start({ MAX_STREAMS_PER_CALLER: '1' });
  await subscribeTo(one.origin, [review('review-sent')]).first(1);
  expect(await subscribeTo(one.origin, [review('review-sent')]).first(1)).toEqual([{ code: 'RATE_LIMITED' }]);
  await one.stop();

  const { origin } = await start({ MAX_STREAMS: '2' });
  for (let n = 0; n < 2; n++) await subscribeTo(origin, [review('review-sent')]).first(1);
  expect(await subscribeTo(origin, [review('review-sent')]).first(1)).toEqual([{ code: 'RATE_LIMITED' }]);
});

test('streams that have completed by themselves do not count', async () => {
  const { origin } = await start({ MAX_STREAMS: '1' });
  for (const id of ['review-delivered', 'no-such', 'review-failed-send']) {
    expect(await subscribeTo(origin, [review(id)]).completed).toBe('completed');
  }
  await subscribeTo(origin, [review('review-sent')]).until(({ invitation }) => invitation !== undefined);
});

test.each([
  ['no ref', []],
  ['101 refs', Array.from({ length: 101 }, (_, n) => review(`review-${n}`))],
])('%s is refused before any upstream call', async (_, refs) => {
  const started = await start();
  const stream = subscribeTo(started.origin, refs);
  expect(await stream.first(1)).toEqual([{ code: 'BAD_USER_INPUT' }]);
  expect(started.takeCalls()).toEqual({ partoo: [], cronofy: [] });
});

test('callers who leave at once leave no stream behind', async () => {
  const { origin } = await start({ MAX_STREAMS: '1' });
  const query =
    'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-sent" } }]) { id } }';
  const body = JSON.stringify({ query });
  const head = [
    'POST /graphql HTTP/1.1',
    'host: gateway',
    'content-type: application/json',
    'accept: text/event-stream',
    `content-length: ${body.length}`,
    '\r\n',
  ].join('\r\n');
  for (let n = 0; n < 50; n++) {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.write(head + body, () => {
        socket.resetAndDestroy();
        resolve();
      });
    });
  }
  await vi.waitUntil(
    async () => (await subscribeTo(origin, [review('review-sent')]).first(1))[0]?.invitation !== undefined,
  );
});

// Not the harness's gateway, which cuts what is open after a second: nothing is to be left to cut.
async function startPatient() {
  const sandbox = await startSandbox({ cronofy: { latencyMs: 0 }, partoo: { latencyMs: 0 } });
  const settings = readSettings({ PORT: '0', ...sandbox.variables });
  const patient = await startGateway(settings, createLog('silent'));
  onTestFinished(sandbox.stop);
  return { origin: patient.origin, stop: () => patient.stop(60_000) };
}

test('a gateway that stops completes all streams, and none of them delays its end', async () => {
  const { origin, stop } = await startPatient();
  const streams = [review('review-sent'), invite('team-lunch')].map((ref) => subscribeTo(origin, [ref]));
  await Promise.all(streams.map((stream) => stream.first(1)));
  const stopped = stop();
  expect(await Promise.all(streams.map(({ completed }) => completed))).toEqual(['completed', 'completed']);
  await stopped;
});

test('a WebSocket whose client does not respond does not delay a gateway that stops', async () => {
  const sandbox = await startSandbox();
  onTestFinished(sandbox.stop);
  const one = await startGateway(readSettings({ PORT: '0', ...sandbox.variables }), createLog('silent'));
  const socket = connect(Number(new URL(one.origin).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  const head = [
    'GET /graphql HTTP/1.1',
    'host: gateway',
    'upgrade: websocket',
    'connection: upgrade',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol: graphql-transport-ws',
    '\r\n',
  ].join('\r\n');
  socket.write(head);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 101 /);
  socket.pause();
  await one.stop(1_000);
});
