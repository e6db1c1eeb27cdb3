// What a caller's `traceparent` does: the trace is its own behind a trusted proxy, and a link otherwise. What it does not
// do: decide whether anything is traced, or reach a provider.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { BroughtTrace } from '../../src/server/trace-context.ts';
import { createTraces } from '../../src/telemetry/traces/traces.ts';
import { startCollector } from './collector.ts';
import { only, startTraced } from './traced.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const BEHIND_PROXY = { TRUSTED_PROXIES: '127.0.0.0/8' };
const REVIEW = '{ reviewInvitation(invitationId: "review-sent") { status } }';

function ask(origin: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: REVIEW }),
  });
}

describe('a traceparent', () => {
  test.each([SAMPLED, `00-${TRACE}-${SPAN}-00`])(
    'that a trusted proxy sends is the parent: %s',
    async (traceparent) => {
      const { origin, named } = await startTraced({ environment: BEHIND_PROXY });
      await ask(origin, { traceparent });
      const asked = only(await named('query'));
      expect(asked).toMatchObject({ traceId: TRACE, parentId: SPAN, links: [] });
      expect(only(await named('partoo GET'))).toMatchObject({ traceId: TRACE, parentId: asked.spanId });
    },
  );

  test('of anybody else is linked', async () => {
    const { origin, named } = await startTraced({ environment: { TRUSTED_PROXIES: '10.0.0.0/8' } });
    await ask(origin, { traceparent: SAMPLED, 'x-forwarded-for': '10.0.0.1' });
    const asked = only(await named('query'));
    expect(asked).toMatchObject({ parentId: '', links: [{ traceId: TRACE, spanId: SPAN }] });
    expect(asked.traceId).not.toBe(TRACE);
  });

  test.each([BEHIND_PROXY, {}])('that is malformed is ignored: %j', async (environment) => {
    const { origin, named } = await startTraced({ environment });
    await ask(origin, { traceparent: `00-${TRACE}-ann@example.com-01` });
    expect(only(await named('query'))).toMatchObject({ parentId: '', links: [] });
  });

  test('that opens a WebSocket is linked with each of its operations, also behind a trusted proxy', async () => {
    const { origin, named } = await startTraced({ environment: BEHIND_PROXY });
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers: { traceparent: SAMPLED },
    });
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    for (const id of ['1', '2']) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query: REVIEW } }));
    const [first, second] = await named('query', 2);
    for (const each of [first, second]) {
      expect(each?.parentId).toBe('');
      expect(each?.links[0]).toMatchObject({ traceId: TRACE, spanId: SPAN });
    }
    expect(second?.traceId).not.toBe(first?.traceId);
  });

  test('of a notification is linked', async () => {
    const { origin, named } = await startTraced();
    await fetch(`${origin}/webhooks/cronofy`, { method: 'POST', body: '{}', headers: { traceparent: SAMPLED } });
    expect(only(await named('webhook cronofy'))).toMatchObject({ parentId: '', links: [{ traceId: TRACE }] });
  });
});

describe('the log names the trace of an operation', () => {
  const lineOf = (lines: readonly string[]) => JSON.parse(lines.find((line) => line.includes('"refs"')) ?? '{}');

  test('that is traced', async () => {
    const { origin, named, operations } = await startTraced();
    await ask(origin, { traceparent: SAMPLED });
    expect(lineOf(operations).traceId).toBe(only(await named('query')).traceId);
  });

  test('that is not, where a trusted proxy has sent its own', async () => {
    const { origin, operations } = await startTraced({
      environment: { ...BEHIND_PROXY, OTEL_TRACES_SAMPLER_ARG: '0' },
    });
    await ask(origin, { traceparent: SAMPLED });
    expect(lineOf(operations).traceId).toBe(TRACE);
  });

  test('never by what anybody else has sent', async () => {
    const { origin, operations } = await startTraced({ environment: { OTEL_TRACES_SAMPLER_ARG: '0' } });
    await ask(origin, { traceparent: SAMPLED });
    expect(lineOf(operations)).not.toHaveProperty('traceId');
  });
});

describe('whether an operation is traced', () => {
  test('is not for its caller to say: none is where none is to be', async () => {
    const { origin, collector, stop } = await startTraced({
      environment: { OTEL_TRACES_SAMPLER_ARG: '0', ...BEHIND_PROXY },
    });
    for (let n = 0; n < 50; n += 1) await ask(origin, { traceparent: SAMPLED });
    await stop();
    expect(collector.spans).toEqual([]);
  });

  test('is not for its caller to say: a few are where a few are to be', async () => {
    const { origin, collector, stop } = await startTraced({ environment: { OTEL_TRACES_SAMPLER_ARG: '0.01' } });
    for (let n = 0; n < 2_000; n += 1) await (await ask(origin, { traceparent: SAMPLED })).arrayBuffer();
    await stop();
    // Twenty are to be expected: more than a hundred, or none, are less probable than a fault of the machine.
    const { length } = collector.spans.filter(({ name }) => name === 'query');
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThan(100);
  });

  test.each([SAMPLED, `00-${TRACE}-${SPAN}-00`])(
    'is a throw of dice, whatever comes with it: %s',
    async (traceparent) => {
      const collector = await startCollector();
      let thrown = 0;
      const { trace, received, stop } = createTraces({
        url: collector.url,
        headers: [],
        serviceName: 'test',
        ratio: 0.01,
        random: () => (thrown++ % 100) / 100,
        onLost: () => {},
      });
      for (let n = 0; n < 1_000; n += 1) {
        const span = trace('webhook', new BroughtTrace(traceparent, n % 2 === 0), performance.now());
        if (span !== undefined) received(span, 'accepted');
      }
      await stop();
      expect(thrown).toBe(1_000);
      expect(collector.spans).toHaveLength(10);
    },
  );
});

test('nothing of a trace goes to providers', async () => {
  const calls: IncomingHttpHeaders[] = [];
  const provider = createServer((request, response) => {
    calls.push(request.headers);
    response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  onTestFinished(() => void provider.close());
  const at = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const { origin, query } = await startTraced({
    environment: { ...BEHIND_PROXY, PARTOO_BASE_URL: `${at}/v2`, CRONOFY_BASE_URL: at },
  });
  await ask(origin, { traceparent: SAMPLED, tracestate: 'a=b', baggage: 'c=d', 'x-request-id': 'request-1' });
  await query('{ smartInvite(smartInviteId: "a") { status } }');
  await vi.waitUntil(() => calls.length === 2);
  for (const headers of calls) {
    expect(Object.keys(headers).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      ...('x-apikey' in headers ? [] : ['authorization']),
      'connection',
      'host',
      ...('x-apikey' in headers ? ['x-apikey'] : []),
    ]);
  }
});
