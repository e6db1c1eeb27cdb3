// Spans on their way to a collector that takes them, and to collectors that do not.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SpanExport } from '../../src/telemetry/traces/export.ts';
import { TracedSpan } from '../../src/telemetry/traces/traced-span.ts';
import { Secret } from '../../src/upstream/secret.ts';
import { freePort } from '../free-port.ts';
import { rejecting, startCollector, TAKEN } from './collector.ts';

interface Lost {
  readonly spans: number;
  readonly reason: string;
}

function exportTo(url: string, headers: readonly (readonly [string, Secret])[] = []) {
  const lost: Lost[] = [];
  const spans = new SpanExport(
    { 'service.name': 'test' },
    { url, headers, onLost: (count, reason) => lost.push({ spans: count, reason }) },
  );
  const end = (times = 1) => {
    for (let n = 0; n < times; n += 1) {
      const span = new TracedSpan('work', 'SERVER', undefined, Date.now());
      span.end({ n }, false, Date.now());
      spans.add(span);
    }
  };
  const total = () => lost.reduce((sum, { spans: count }) => sum + count, 0);
  onTestFinished(() => spans.stop());
  return { spans, end, lost, total };
}

test('spans reach the collector whole, with the headers of the settings', async () => {
  const collector = await startCollector();
  const { end, lost } = exportTo(collector.url, [['x-key', new Secret('key, of the collector')]]);
  end(700);
  const spans = await collector.until((all) => all.length === 700 && all);
  expect(spans.map(({ attributes }) => attributes.n).toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 700 }, (_, n) => n),
  );
  expect(collector.requests[0]).toMatchObject({
    url: '/v1/traces',
    headers: { 'x-key': 'key, of the collector', 'content-type': 'application/x-protobuf' },
  });
  expect(lost).toEqual([]);
});

test('what the environment says is left to the settings', async () => {
  const [collector, other] = [await startCollector(), await startCollector()];
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', other.origin);
  vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', other.url);
  vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_off');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { end } = exportTo(collector.url);
  end();
  await collector.until((all) => all.length === 1);
  expect(other.requests).toEqual([]);
});

test('where the collector refuses, its status is told, and nothing of what it wrote', async () => {
  const collector = await startCollector((_, response) => void response.writeHead(400).end('secret words'));
  const { spans, end, lost } = exportTo(collector.url);
  end(3);
  await spans.flush();
  expect(lost).toEqual([{ spans: 3, reason: '400' }]);
});

test('where the collector takes only a part, the others are lost, and what it says of them is not told', async () => {
  const collector = await startCollector(rejecting(3, 'secret words'));
  const { spans, end, lost } = exportTo(collector.url);
  end(5);
  await spans.flush();
  expect(lost).toEqual([{ spans: 3, reason: 'REJECTED' }]);
  collector.answer = TAKEN;
  end(5);
  await spans.flush();
  expect(lost).toHaveLength(1);
});

test.each([
  [0, []],
  [1_000_000, [{ spans: 5, reason: 'REJECTED' }]],
])('a collector that says it has not taken %d of 5 is believed in reason', async (rejected, told) => {
  const collector = await startCollector(rejecting(rejected, 'a warning'));
  const { spans, end, lost } = exportTo(collector.url);
  end(5);
  await spans.flush();
  expect(collector.spans).toHaveLength(5);
  expect(lost).toEqual(told);
});

test('rubbish in place of an answer is taken for one', async () => {
  const collector = await startCollector((_, response) => void response.writeHead(200).end('<html>'));
  const { spans, end, lost } = exportTo(collector.url);
  end();
  await spans.flush();
  expect(collector.spans).toHaveLength(1);
  expect(lost).toEqual([]);
});

test('where the collector talks another protocol, the spans are lost', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-server\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  const { spans, end, lost } = exportTo(`http://127.0.0.1:${address.port}/v1/traces`);
  end(2);
  await spans.flush();
  expect(lost).toEqual([{ spans: 2, reason: 'HPE_INVALID_CONSTANT' }]);
});

test('while the collector is down so many spans wait, and the others are lost', async () => {
  const { end, lost, total } = exportTo(`http://127.0.0.1:${await freePort()}/v1/traces`);
  end(10_000);
  // What waits, and a batch that is on its way.
  expect(10_000 - total()).toBeLessThanOrEqual(2_048 + 512);
  expect(new Set(lost.map(({ reason }) => reason))).toEqual(new Set(['FULL']));
});

test('a collector that is there again gets what waits', async () => {
  let isDown = true;
  const collector = await startCollector((_, response) => void response.writeHead(isDown ? 503 : 200).end());
  const { end, lost } = exportTo(collector.url);
  end();
  await collector.until((all) => all.length > 0);
  isDown = false;
  // The first batch is sent again.
  await collector.until((all) => all.length > 1);
  expect(lost).toEqual([]);
});

test('the end sends what waits', async () => {
  const collector = await startCollector();
  const { spans, end, lost } = exportTo(collector.url);
  end(1_000);
  await spans.stop();
  expect(collector.spans).toHaveLength(1_000);
  expect(lost).toEqual([]);
});

test('the end sends all batches that wait for a slow collector', async () => {
  const collector = await startCollector((request, response) => void setTimeout(() => TAKEN(request, response), 300));
  const { spans, end, lost } = exportTo(collector.url);
  end(2_000);
  await spans.stop();
  expect(collector.spans).toHaveLength(2_000);
  expect(lost).toEqual([]);
});

test('the end does not wait for a collector that hangs', async () => {
  const collector = await startCollector(() => {});
  const { spans, end, lost } = exportTo(collector.url);
  end(5);
  await spans.stop();
  expect(lost).toEqual([{ spans: 5, reason: 'STOPPED' }]);
});
