// A stranger's page in the browser of somebody who reaches the gateway, after it has had its own name lead there: to the
// browser what it asks for is its own. It is kept out of the operators' port, and of the port for callers where that asks for
// no token.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway } from '../../harness.ts';
import { launchChromium } from './chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium('--host-resolver-rules=MAP rebound.example 127.0.0.1');
});
afterAll(() => browser?.close());

/** A page under that origin, as the stranger's is after its name has moved, and the headers of what it has asked for since. */
async function openPage(origin: string): Promise<{ page: Page; sent: Record<string, string>[] }> {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  // Of what the port answers by any name.
  await page.goto(`${origin}/health`);
  const sent: Record<string, string>[] = [];
  page.on('request', async (request) => void sent.push(await request.allHeaders()));
  return { page, sent };
}

/** What the page can read of these paths, by `fetch` and as events. */
function readBy(page: Page): Promise<{ statuses: number[]; event: string }> {
  return page.evaluate(async () => {
    const answers = await Promise.all(['/status', '/metrics'].map((path) => fetch(path)));
    const events = new EventSource('/status/events');
    const event = await new Promise<string>((resolve) => {
      events.addEventListener('report', () => resolve('a report'));
      events.addEventListener('error', () => resolve('an error'));
    });
    events.close();
    return { statuses: answers.map(({ status }) => status), event };
  });
}

test('it reads nothing of the operators’ port, though the browser sends for it what it sends for the operators’ page', async () => {
  const gateway = await startTestGateway();
  onTestFinished(() => gateway.stop());
  const { port } = new URL(gateway.adminOrigin);
  const own = await openPage(`http://127.0.0.1:${port}`);
  expect(await readBy(own.page)).toEqual({ statuses: [200, 200], event: 'a report' });
  const rebound = await openPage(`http://rebound.example:${port}`);
  expect(await readBy(rebound.page)).toEqual({ statuses: [403, 403], event: 'an error' });
  // Nothing but the Host gives it away.
  await vi.waitFor(() => expect(rebound.sent).toHaveLength(3), 5_000);
  for (const headers of rebound.sent) {
    expect(headers.host).toBe(`rebound.example:${port}`);
    expect(Object.keys(headers).filter((name) => /^(origin|sec-fetch-.*)$/.test(name))).toEqual([]);
  }
});

/** What the page can read of an invitation whose id it knows, over HTTP, as events and over a WebSocket. */
function askedBy(page: Page): Promise<unknown[]> {
  return page.evaluate(async () => {
    const selection = '(refs: [{ reviewInvitation: { invitationId: "review-sent" } }]) { status }';
    const query = `{ invitations${selection} }`;
    const get = `/graphql?query=${encodeURIComponent(query)}`;
    const headers = { 'content-type': 'application/json' };
    const answers = await Promise.all([
      fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) }),
      fetch(get),
      fetch('/graphql', { headers: { accept: 'text/html' } }),
    ]);
    const stream = `/graphql?query=${encodeURIComponent(`subscription { invitationChanged${selection} }`)}`;
    const events = new EventSource(stream);
    const event = await new Promise((resolve) => {
      events.addEventListener('next', () => resolve('a state'));
      events.addEventListener('error', () => resolve('an error'));
    });
    events.close();
    const socket = new WebSocket(`ws://${location.host}/graphql`, 'graphql-transport-ws');
    const opened = await new Promise((resolve) => {
      socket.addEventListener('open', () => resolve('open'));
      socket.addEventListener('error', () => resolve('an error'));
    });
    socket.close();
    return [...answers.map(({ status }) => status), event, opened];
  });
}

test('it asks nothing of the port for callers where that asks for no token', async () => {
  const gateway = await startTestGateway();
  onTestFinished(() => gateway.stop());
  const { port } = new URL(gateway.origin);
  const own = await openPage(`http://localhost:${port}`);
  expect(await askedBy(own.page)).toEqual([200, 200, 200, 'a state', 'open']);
  const rebound = await openPage(`http://rebound.example:${port}`);
  expect(await askedBy(rebound.page)).toEqual([403, 403, 403, 'an error', 'an error']);
});
