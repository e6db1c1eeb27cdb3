// The page and its events over real HTTP: one document that loads nothing, and a report once a second for whoever reads.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createStatusEvents } from '../../../src/telemetry/status/events.ts';
import { createStatusPage } from '../../../src/telemetry/status/page.ts';
import { figuresWith } from './figures.ts';

async function serve(handle: RequestListener): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the page names nothing to load, and its policy allows its own scripts and style alone', async () => {
  const page = createStatusPage();
  const response = await fetch(await serve((request, answer) => void page(request, answer)));
  const html = await response.text();
  expect(html).not.toMatch(/\b(?:src|href)="(?!data:|#)/);
  const withoutLicense = html.replace(/\/\*!.*?\*\//, '');
  expect(withoutLicense).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  expect(html).not.toContain('biome-ignore');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toContain('unsafe');
  const parts = [...html.matchAll(/<(script|style)[^>]*>([\s\S]*?)<\/\1>/g)].map(([, , text = '']) => text);
  expect(parts).toHaveLength(3);
  for (const text of parts) {
    expect(policy).toContain(`'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  }
});

function eventsOf() {
  let reports = 0;
  const events = createStatusEvents(async (withHour) => {
    reports += 1;
    return { ...figuresWith({ at: reports }), findings: [], ...(withHour ? { hour: HOUR } : {}) };
  });
  return { events, reports: () => reports };
}

const HOUR = { loopDelayMs: [1], heapMegabytes: [2], operations: [3] };

test('a reader gets a report at once with the hour, and others each second; where nobody reads, none is made', async () => {
  const { events, reports } = eventsOf();
  const origin = await serve(events.handle);
  const leaving = new AbortController();
  const response = await fetch(origin, { signal: leaving.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.split('\n\n').length > 3) break;
  }
  leaving.abort();
  const told = text
    .split('\n\n')
    .filter((event) => event.startsWith('event: report\ndata: '))
    .map((event) => JSON.parse(event.slice('event: report\ndata: '.length)));
  expect(told[0].hour).toEqual(HOUR);
  expect(told.slice(0, 3).map(({ at }) => at)).toEqual([1, 2, 3]);
  // The last reader has gone: no timer makes another report.
  await vi.waitUntil(async () => {
    const before = reports();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    return reports() === before;
  }, 10_000);
});

test('there are thirty-two readers at most, and none where it stops', async () => {
  const { events } = eventsOf();
  const origin = await serve(events.handle);
  const leaving = new AbortController();
  const readers = await Promise.all(Array.from({ length: 32 }, () => fetch(origin, { signal: leaving.signal })));
  expect(readers.every(({ status }) => status === 200)).toBe(true);
  expect((await fetch(origin)).status).toBe(503);
  events.stop();
  for (const reader of readers) for await (const _ of reader.body ?? []);
  expect((await fetch(origin)).status).toBe(503);
});
