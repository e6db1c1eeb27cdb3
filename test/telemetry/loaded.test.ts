// What a running gateway has loaded of OpenTelemetry, as V8 lists its scripts.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { endRuns, startGateway } from '../process.ts';
import { startCollector } from './collector.ts';

afterEach(endRuns);

/** The parts of OpenTelemetry among what a gateway has loaded that was asked something and has ended. */
async function loaded(environment: Record<string, string>): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'scripts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { child, origin, ended } = await startGateway({ ...environment, NODE_V8_COVERAGE: folder, DRAIN_SECONDS: '0' });
  await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    },
    body: '{"query": "{ reviewInvitation(invitationId: \\"review-sent\\") { status } }"}',
  });
  child.kill('SIGTERM');
  await ended;
  const scripts = readdirSync(folder).flatMap((file): string[] =>
    JSON.parse(readFileSync(join(folder, file), 'utf8')).result.map(({ url }: { url: string }) => url),
  );
  expect(scripts.some((url) => url.endsWith('/src/gateway.ts'))).toBe(true);
  const parts = scripts.map((url) => /\/(?:@(opentelemetry\/[\w-]+)|src\/(telemetry\/traces))\//.exec(url));
  return [...new Set(parts.flatMap((found) => found?.[1] ?? found?.[2] ?? []))].toSorted();
}

test('a gateway without a collector has loaded nothing of it, but for the API that others bring along', async () => {
  const parts = await loaded({ OTEL_SERVICE_NAME: 'a', OTEL_TRACES_SAMPLER_ARG: '1' });
  expect(parts.filter((part) => part !== 'opentelemetry/api')).toEqual([]);
});

test('a gateway with one has loaded it', async () => {
  const collector = await startCollector();
  const parts = await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin });
  expect(parts).toEqual(
    expect.arrayContaining(['opentelemetry/core', 'opentelemetry/otlp-exporter-base', 'telemetry/traces']),
  );
});
