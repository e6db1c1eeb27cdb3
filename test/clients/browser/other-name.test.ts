// A stranger's page in an operator's browser that has had its own name lead to the operators' port: to the browser what it
// asks for there is its own.

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

test('it reads nothing, though the browser sends for it what it sends for the operators’ page', async () => {
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
