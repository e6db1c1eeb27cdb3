// A collector that is down, hangs, refuses or talks rubbish: callers notice nothing, and the log tells what is lost, once.

import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from '../free-port.ts';
import { startTestGateway } from '../harness.ts';
import { endRuns, startGateway } from '../process.ts';
import { type Answer, rejecting, startCollector, TAKEN } from './collector.ts';
import { collect } from './metrics/collected.ts';

const REVIEW = '{ reviewInvitation(invitationId: "review-sent") { status } }';

const COLLECTORS: readonly [name: string, answer: Answer][] = [
  ['hangs', () => {}],
  ['refuses', (_, response) => void response.writeHead(401).end('who are you?')],
  ['has no room', (_, response) => void response.writeHead(503, { 'retry-after': '3600' }).end()],
  ['talks rubbish', (_, response) => void response.writeHead(200).end('\u0000\u00ff<html>')],
  ['cuts', (_, response) => void response.destroy()],
  [
    'answers without end',
    (_, response) => {
      const more = setInterval(() => response.write('x'.repeat(64 * 1024)), 1);
      response.once('close', () => clearInterval(more));
    },
  ],
  [
    'drips',
    (_, response) => {
      const more = setInterval(() => response.write('x'), 100);
      response.once('close', () => clearInterval(more));
    },
  ],
];

async function answersWith(endpoint: string): Promise<readonly string[]> {
  const gateway = await startTestGateway({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: '1' },
  });
  for (let n = 0; n < 1_000; n += 1) {
    const { data, errors } = await gateway.query(REVIEW);
    if (errors !== undefined || data.reviewInvitation.status !== 'PENDING') throw new Error('it was not answered');
  }
  await gateway.stop();
  return gateway.log.filter((line) => line.includes('spans are lost'));
}

test.each(COLLECTORS)('a collector that %s keeps no caller from its answer', async (name, answer) => {
  const collector = await startCollector(answer);
  const told = await answersWith(collector.origin);
  expect(collector.requests.length).toBeGreaterThan(0);
  expect(told).toHaveLength(name === 'talks rubbish' ? 0 : 1);
});

test('nor does one that is not there', async () => {
  const [line = '', ...others] = await answersWith(`http://127.0.0.1:${await freePort()}`);
  expect(others).toEqual([]);
  const { level, msg, count, total, reason } = JSON.parse(line);
  expect({ level, msg, reason }).toEqual({
    level: 40,
    msg: 'spans are lost: the collector of traces does not take them',
    reason: 'STOPPED',
  });
  expect(count).toBe(total);
});

test('what a collector refuses is told with its status, and nothing of what it says', async () => {
  const collector = await startCollector(
    (_, response) => void response.writeHead(413, 'secret-word').end('secret-word'),
  );
  const [line = ''] = await answersWith(collector.origin);
  expect(line).toContain('"reason":"413"');
  expect(line).not.toContain('secret-word');
});

test('what a collector does not take is counted, and told once', async () => {
  const collector = await startCollector(rejecting(1, 'secret-word'));
  const gateway = await startTestGateway({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, OTEL_TRACES_SAMPLER_ARG: '1' },
  });
  onTestFinished(gateway.stop);
  for (const requests of [1, 2]) {
    await gateway.query(REVIEW);
    await vi.waitUntil(() => collector.requests.length === requests, 10_000);
  }
  const lost = async () => (await collect(gateway.adminOrigin)).get('gateway_spans_lost_total');
  await vi.waitUntil(async () => (await lost()) === 2);
  const told = gateway.log.filter((line) => line.includes('spans are lost'));
  expect(told.map((line) => JSON.parse(line))).toMatchObject([{ reason: 'REJECTED', count: 1, total: 1 }]);
  expect(gateway.log.join()).not.toContain('secret-word');
});

test('a process whose collector hangs ends all the same', async () => {
  const collector = await startCollector(() => {});
  const { child, origin, ended, stdout } = await startGateway({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
    OTEL_TRACES_SAMPLER_ARG: '1',
    DRAIN_SECONDS: '0',
  });
  await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: REVIEW }),
  });
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(stdout()).toContain('"reason":"STOPPED"');
  await endRuns();
});

test('a process sends what it has before it ends', async () => {
  const collector = await startCollector(TAKEN);
  const { child, origin, ended } = await startGateway({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
    OTEL_TRACES_SAMPLER_ARG: '1',
    DRAIN_SECONDS: '0',
  });
  await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: REVIEW }),
  });
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null });
  await vi.waitUntil(() => collector.spans.some(({ name }) => name === 'query'));
  await endRuns();
});
