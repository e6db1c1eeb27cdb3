// What GET /ready says, so that callers are not sent where they would be refused; draining is in test/stopping.test.ts.

import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startGateway } from '../../src/gateway.ts';
import { readSettings } from '../../src/settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { review, subscribeTo } from '../live/subscriber.ts';

let gateway: Pick<TestGateway, 'origin' | 'stop'>;
afterEach(() => gateway.stop());

async function ready(): Promise<[status: number, body: unknown]> {
  const response = await fetch(`${gateway.origin}/ready`);
  return [response.status, await response.json()];
}

/** The bytes of an answer. */
async function exchange(request: string): Promise<string> {
  const { hostname, port } = new URL(gateway.origin);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(request);
  return text(socket);
}

test('a gateway with providers is ready', async () => {
  gateway = await startTestGateway();
  expect(await ready()).toEqual([200, { status: 'ready', degraded: [] }]);
});

test('a gateway without a provider is not ready, because it would refuse every caller', async () => {
  const bare = await startGateway(readSettings({ PORT: '0', NODE_ENV: 'production' }), createLog('silent'));
  gateway = { origin: bare.origin, stop: () => bare.stop(1_000) };
  expect(await ready()).toEqual([503, { status: 'unconfigured', degraded: [] }]);
  expect((await fetch(`${gateway.origin}/health`)).status).toBe(200);
});

test('a gateway at its limit of streams is degraded until one has ended', async () => {
  gateway = await startTestGateway({ environment: { MAX_STREAMS: '1' } });
  const stream = subscribeTo(gateway.origin, [review('review-sent')]);
  await stream.first(1);
  expect(await ready()).toEqual([200, { status: 'degraded', degraded: ['STREAMS'] }]);
  stream.leave();
  await vi.waitUntil(async () => JSON.stringify(await ready()) === '[200,{"status":"ready","degraded":[]}]');
});

describe('a check in HTTP/1.0 that names no host, as HAProxy sends it,', () => {
  test.each(['/ready', '/health'])('of %s is answered', async (path) => {
    gateway = await startTestGateway();
    expect(await exchange(`GET ${path} HTTP/1.0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('of any other path, or with an invalid host, is refused', async () => {
    gateway = await startTestGateway();
    expect(await exchange('GET /graphql?query={__typename} HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange('GET /ready HTTP/1.0\r\nHost: a b\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });
});
