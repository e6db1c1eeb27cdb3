// The tab "Live" of GraphiQL in a real browser: the states of now, and a change while one looks. The browser is a
// Chromium of this machine; CHROMIUM_PATH names it where it is in no usual place.

import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../../harness.ts';

const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/opt/homebrew/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function chromiumPath(): string {
  const named = process.env.CHROMIUM_PATH;
  const path = named ? named : USUAL_PATHS.find((path) => existsSync(path));
  if (path === undefined || !existsSync(path)) {
    throw new Error('There is no Chromium in any usual place: install one, or name its executable in CHROMIUM_PATH.');
  }
  return path;
}

let gateway: TestGateway;
let browser: Browser;
beforeAll(async () => {
  gateway = await startTestGateway();
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ARGUMENTS });
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
});

test('the tab Live shows the states of now, and a reply as it comes', async () => {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`${gateway.origin}/graphql`);
  await page.getByRole('tab').first().waitFor();
  // By keyboard: in this GraphiQL the first click of the mouse on a tab does not always switch to it.
  await page.getByRole('button', { name: 'Live', exact: true }).press('Enter');
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
  await expect
    .poll(() => result.innerText(), { timeout: 10_000 })
    .toMatch(/"externalId":\s*"team-lunch",\s*"status":\s*"ACCEPTED"/);
  await page.screenshot({ path: join(tmpdir(), 'invitation-gateway-graphiql-live.png') });

  await page.getByRole('button', { name: /^Stop query/ }).click();
  await page.getByRole('button', { name: /^Execute query/ }).waitFor();
  expect(complaints).toEqual([]);
});
