// The operators' page of a gateway with more accounts than are counted apart.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../../src/gateway.ts';
import { startSandbox } from '../../../src/sandbox/sandbox.ts';
import { readSettings } from '../../../src/settings.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { bearer, SECRET } from '../../access/tokens.ts';
import { launchChromium } from './chromium.ts';

const TENANTS = 110;

/** One account a tenant; each has been called once, and the last one most. */
async function start() {
  const sandbox = await startSandbox({ partoo: { latencyMs: 0, quota: [] } });
  onTestFinished(() => sandbox.stop());
  const folder = await mkdtemp(join(tmpdir(), 'status-tenants-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { PARTOO_API_KEY, PARTOO_BASE_URL } = sandbox.variables;
  const tenants = Array.from({ length: TENANTS }, (_, n) => {
    const partoo = { apiKey: { env: 'KEY' }, baseUrl: PARTOO_BASE_URL, account: `account-${n}` };
    return [`tenant-${n}`, { partoo }];
  });
  const path = join(folder, 'tenants.json');
  await writeFile(path, JSON.stringify(Object.fromEntries(tenants)));
  const environment = { PORT: '0', ADMIN_PORT: '0', TENANTS_FILE: path, KEY: PARTOO_API_KEY, AUTH_JWT_SECRET: SECRET };
  const gateway = await startGateway(readSettings(environment), createLog('silent'));
  onTestFinished(() => gateway.stop(1_000));
  const ask = async (n: number, id: string) => {
    const authorization = bearer({ tenant: `tenant-${n}` });
    const body = JSON.stringify({ query: `{ reviewInvitation(invitationId: "${id}") { status } }` });
    const headers = { 'content-type': 'application/json', authorization };
    await (await fetch(`${gateway.origin}/graphql`, { method: 'POST', headers, body })).arrayBuffer();
  };
  for (let n = 0; n < TENANTS; n++) await ask(n, 'review-sent');
  for (const id of ['review-created', 'review-delivered', 'review-failed']) await ask(TENANTS - 1, id);
  return { adminOrigin: gateway.adminOrigin ?? '', ask };
}

test('an account that is not counted apart says so, and what is counted together is shown as that', async () => {
  const { adminOrigin } = await start();
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${adminOrigin}/status`);

  const worst = page.getByRole('article', { name: 'Partoo (tenant-109)' });
  await worst.getByText('counted with the others, below').waitFor();
  await worst.getByText('4 of 270 in 60').waitFor();
  expect(await worst.getByRole('img').getAttribute('aria-label')).toContain('not kept');
  expect(await worst.innerText()).not.toMatch(/0 answered|no change so far/);

  const counted = page.getByRole('article', { name: 'Partoo (tenant-0)' });
  await counted.getByText('1 answered').first().waitFor();

  const together = page.getByRole('article', { name: 'Partoo (10 others together)' });
  // Ten of them once, and the last one three times more.
  await together.getByText('13 answered').first().waitFor();
  await page.getByText('90 more accounts are in use').waitFor();
});

test('the plot of an account that leaves the page ends, and one that comes has a name at once', async () => {
  const { adminOrigin, ask } = await start();
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  // Each plot has one of them.
  await page.addInitScript(`
    const { disconnect } = ResizeObserver.prototype;
    window.ended = 0;
    ResizeObserver.prototype.disconnect = function () {
      window.ended += 1;
      disconnect.call(this);
    };`);
  await page.goto(`${adminOrigin}/status`);
  const accounts = page.getByRole('article', { name: /^Partoo \(tenant-\d+\)$/ });
  await accounts.nth(19).waitFor();
  expect(await page.evaluate('window.ended')).toBe(0);
  for (let n = 80; n < 90; n++) for (const id of ['review-created', 'review-failed']) await ask(n, id);
  for (let n = 80; n < 90; n++) {
    const account = page.getByRole('article', { name: `Partoo (tenant-${n})` });
    expect(await account.getByRole('img').getAttribute('aria-label')).toMatch(/^Quota of Partoo/);
  }
  await expect.poll(() => page.evaluate('window.ended'), { timeout: 10_000 }).toBe(10);
});
