// The tab "Live" of GraphiQL in a real browser: the states of now, and a change while one looks.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../../harness.ts';
import { launchChromium } from './chromium.ts';

let gateway: TestGateway;
let browser: Browser;
beforeAll(async () => {
  gateway = await startTestGateway();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
});

test('the tab Live shows the current states, and each reply as it arrives', async () => {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`${gateway.origin}/graphql`);
  await page.getByRole('tab').first().waitFor();
  await page.getByRole('button', { name: 'Live', exact: true }).click();
  await page.getByRole('tab', { name: 'Live', selected: true }).waitFor();
  await page.locator('.graphiql-query-editor').click();
  await page.keyboard.press('Control+Enter');

  // GraphiQL shows one event at a time: the last of the five states stays.
  const result = page.locator('.graphiql-response');
  await result.getByText('"invitationChanged"').waitFor();
  await expect.poll(() => gateway.sandbox.cronofy.calls.length).toBeGreaterThanOrEqual(3);
  await expect.poll(() => gateway.sandbox.partoo.calls.length).toBeGreaterThanOrEqual(2);

  const reply = { smart_invite_id: 'team-lunch', email: 'guest1@example.com', status: 'accepted' };
  const control = await fetch(`${gateway.sandbox.cronofy.origin}/_control/reply`, {
    method: 'POST',
    body: JSON.stringify(reply),
  });
  expect(control.status).toBe(204);
  await expect.poll(() => result.innerText()).toMatch(/"externalId":\s*"team-lunch",\s*"status":\s*"ACCEPTED"/);
  await page.screenshot({ path: join(tmpdir(), 'invitation-gateway-graphiql-live.png') });

  await page.getByRole('button', { name: /^Stop query/ }).click();
  await page.getByRole('button', { name: /^Execute query/ }).waitFor();
  expect(complaints).toEqual([]);
});
