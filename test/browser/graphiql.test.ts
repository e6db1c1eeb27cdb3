// GraphiQL as a developer first meets it: in a real browser, whole from the gateway, with queries that work. The
// browser is a Chromium of this machine; CHROMIUM_PATH names it where it is in no usual place.

import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'graphql';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { graphiqlTabs } from '../../src/server/graphiql.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

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

const OPERATIONS = graphiqlTabs.flatMap(({ query }) =>
  parse(query).definitions.flatMap((one) => (one.kind === 'OperationDefinition' ? [one] : [])),
);

/** The names of the operations that the tabs hold, which GraphiQL shows as their titles. */
const TITLES = OPERATIONS.map(({ name }) => name?.value);

/** What is answered once; subscription.test.ts has the rest. */
const QUERIES = OPERATIONS.filter(({ operation }) => operation === 'query').map(({ name }) => name?.value);

describe('GraphiQL', () => {
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

  let page: Page;
  let requested: URL[];
  let complaints: string[];
  beforeEach(async () => {
    // A context of its own: GraphiQL remembers tabs, and a test must not see another's.
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    page = await context.newPage();
    requested = [];
    complaints = [];
    context.on('request', (request) => requested.push(new URL(request.url())));
    page.on('websocket', (socket) => requested.push(new URL(socket.url())));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`${gateway.origin}/graphql`);
    await page.getByRole('tab').first().waitFor();
    return () => context.close();
  });

  const result = () => page.locator('.graphiql-response');

  test('opens with the tabs it is given, by the names of their operations', async () => {
    expect(TITLES).toHaveLength(5);
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(TITLES);
  });

  test('shows the answer of the first tab, and asks nobody but the gateway', async () => {
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await result().getByText('"DELIVERED"').first().waitFor();
    // The status that the sandbox gives the first invitation, and the provider's call that it took.
    expect(await result().innerText()).toContain('d3d8c966-0356-4ec0-baae-13ec3622ebc2');
    expect(gateway.takeCalls().partoo).toContain(
      '/v2/review_booster/invitation_status?invitation_id=d3d8c966-0356-4ec0-baae-13ec3622ebc2',
    );

    await page.screenshot({ path: join(tmpdir(), 'invitation-gateway-graphiql.png') });
    // Blobs are the editor's workers: made by the page itself, so of its own origin.
    expect(new Set(requested.map(({ origin }) => origin))).toEqual(new Set([gateway.origin]));
    const paths = requested.filter(({ protocol }) => protocol === 'http:').map(({ pathname }) => pathname);
    expect(new Set(paths)).toEqual(new Set(['/graphql']));
    expect(complaints).toEqual([]);
  });

  test.each(QUERIES)('the tab %s runs with Ctrl-Enter as it stands, without an error', async (title) => {
    // By keyboard: in this GraphiQL the first click of the mouse on a tab does not always switch to it.
    await page.getByRole('button', { name: title ?? '', exact: true }).press('Enter');
    await page.getByRole('tab', { name: title ?? '', selected: true }).waitFor();
    await page.locator('.graphiql-query-editor').click();
    const answered = page.waitForResponse(
      (response) => response.request().method() === 'POST' && response.request().postDataJSON().operationName === title,
    );
    // A busy machine's editor takes a moment to know its new text, and hears no key until then.
    const pressing = setInterval(() => void page.keyboard.press('Control+Enter').catch(() => undefined), 2_000);
    await page.keyboard.press('Control+Enter');
    const { data, errors } = await (await answered.finally(() => clearInterval(pressing))).json();
    expect(errors).toBeUndefined();
    expect(Object.values(data)).not.toContain(null);
    await result().getByText('"data"').waitFor();
    expect(complaints).toEqual([]);
  });

  test('knows the schema, so that the documentation can be read there', async () => {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByRole('link', { name: 'Query', exact: true }).click();
    await page.getByRole('link', { name: 'smartInvite', exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });
});
