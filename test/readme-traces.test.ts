// README's "Traces": its commands do what it says, and it lists what spans there are and what they say.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { OPERATION_OUTCOMES } from '../src/server/operation-record.ts';
import { HOWS } from '../src/snapshots/given.ts';
import { endRuns, startGateway } from './process.ts';
import { startCollector } from './telemetry/collector.ts';
import { only, startTraced } from './telemetry/traced.ts';

const readme = readFileSync('README.md', 'utf8');
const section = readme.slice(readme.indexOf('### Traces'), readme.indexOf('### Measured'));
const [start = '', curl = ''] = [...section.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);

afterEach(endRuns);

test('its commands send the spans of an operation, linked with the trace of the caller', async () => {
  const collector = await startCollector();
  expect(start.trim().endsWith(' npm start')).toBe(true);
  const settings = start.trim().split(' ').slice(0, -2);
  const environment = Object.fromEntries(settings.map((each) => each.split('=', 2)));
  expect(environment.OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://127.0.0.1:4318');
  const { origin } = await startGateway({ ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin });
  const command = curl.replace('http://127.0.0.1:4000', origin);
  expect(command).toContain(origin);
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command]);
  expect(JSON.parse(stdout)).toEqual({ data: { reviewInvitation: { status: 'PENDING' } } });
  const [asked, call] = await collector.until(
    (spans) => spans.length === 2 && spans.toSorted((one, other) => (one.parentId < other.parentId ? -1 : 1)),
  );
  const [, traceId, spanId] = /00-(\w+)-(\w+)-01/.exec(curl) ?? [];
  expect(asked).toMatchObject({ name: 'query', parentId: '', links: [{ traceId, spanId }] });
  expect(call).toMatchObject({ name: 'partoo GET', parentId: asked?.spanId, traceId: asked?.traceId });
});

/** The names that stand in the rows of the table, by the first name in each. */
const rows = new Map(
  [...section.matchAll(/^\| (`[^|]*) \|([^|]*\|[^|]*)\|$/gm)].map(([, names = '', text = '']) => [
    names.match(/\w+/)?.[0],
    new Set(text.match(/(?<=`)[\w.…]+(?=`)/g)),
  ]),
);

test('it lists every attribute that spans have', async () => {
  const { query, named, sandbox } = await startTraced();
  sandbox.partoo.misbehave({ status: 503, times: 1 });
  await query('{ reviewInvitation(invitationId: "review-sent") { status } }');
  sandbox.partoo.misbehave({ status: 403 });
  await query('{ reviewInvitation(invitationId: "review-delivered") { status } }');
  sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' } as never);
  const operations = await named('query', 2);
  const calls = await named('partoo GET', 2);
  const told = [only(await named('webhook cronofy'))];
  for (const [row, spans] of [
    ['query', operations],
    ['partoo', calls],
    ['webhook', told],
  ] as const) {
    const keys = spans.flatMap(({ attributes, events }) => [attributes, ...events.map((each) => each.attributes)]);
    const seen = new Set(keys.flatMap((each) => Object.keys(each)).map((key) => key.replace(/(refs\.)\w+/, '$1…')));
    expect([...seen].filter((key) => !rows.get(row)?.has(key))).toEqual([]);
  }
});

test('it lists every outcome of an operation, and how its invitations are answered', () => {
  for (const word of [...OPERATION_OUTCOMES, ...HOWS]) expect(rows.get('query')).toContain(word);
});
