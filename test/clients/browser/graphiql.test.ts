// GraphiQL as a developer first meets it: in a real browser, whole from the gateway, with queries that work.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'graphql';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { schema } from '../../../src/schema/index.ts';
import { graphiqlTabs } from '../../../src/server/graphiql.ts';
import { startTestGateway, type TestGateway } from '../../harness.ts';
import { launchChromium } from './chromium.ts';

const OPERATIONS = graphiqlTabs(schema).flatMap(({ query }) =>
  parse(query).definitions.flatMap((one) => (one.kind === 'OperationDefinition' ? [one] : [])),
);

/** The names of the operations that the tabs hold, which GraphiQL shows as their titles. */
const TITLES = OPERATIONS.map(({ name }) => name?.value);

/** What is answered once; subscription.test.ts has the rest. */
const QUERIES = OPERATIONS.filter(({ operation }) => operation === 'query').map(({ name }) => name?.value);

const isAsset = (path: string) => path.startsWith('/graphql/assets/');
/** Without its hash. */
const nameOf = (path: string) => path.replace(/^.*\/([\w-]+)\.\w+/, '$1');

/** The targets of the requests that come to a server of this process, from here to the end of the test. */
function watchArrivals(): string[] {
  const targets: string[] = [];
  const listener = (message: unknown) => {
    const { request } = message as { request: IncomingMessage };
    targets.push(request.url ?? '');
  };
  subscribe('http.server.request.start', listener);
  onTestFinished(() => void unsubscribe('http.server.request.start', listener));
  return targets;
}

describe('GraphiQL', () => {
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

  let page: Page;
  let requested: URL[];
  let arrived: string[];
  let encodings: Map<string, string | undefined>;
  let complaints: string[];
  beforeEach(async () => {
    // A context of its own: GraphiQL remembers tabs, and a test must not see another's.
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    page = await context.newPage();
    requested = [];
    arrived = watchArrivals();
    encodings = new Map();
    complaints = [];
    context.on('request', (request) => requested.push(new URL(request.url())));
    context.on('response', (response) => {
      const path = new URL(response.url()).pathname;
      if (isAsset(path)) encodings.set(path, response.headers()['content-encoding']);
    });
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

  test('opens the configured tabs, named after their operations', async () => {
    expect(TITLES).toHaveLength(6);
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(TITLES);
  });

  test('shows the answer of the first tab, and loads nothing but from the gateway', async () => {
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await result().getByText('"DELIVERED"').first().waitFor();
    // The status that the sandbox gives the first invitation, and the provider's call that it took.
    expect(await result().innerText()).toContain('d3d8c966-0356-4ec0-baae-13ec3622ebc2');
    expect(gateway.takeCalls().partoo).toContain(
      '/v2/review_booster/invitation_status?invitation_id=d3d8c966-0356-4ec0-baae-13ec3622ebc2',
    );

    await page.screenshot({ path: join(tmpdir(), 'invitation-gateway-graphiql.png') });
    expect(new Set(requested.map(({ origin }) => origin))).toEqual(new Set([gateway.origin]));
    const paths = requested.map(({ pathname }) => pathname);
    expect(paths.filter((path) => path !== '/graphql' && !path.startsWith('/graphql/assets/'))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('loads every asset compressed, and loads none again at the second visit', async () => {
    const run = async () => {
      await page.getByRole('button', { name: /^Execute query/ }).click();
      await result().getByText('"DELIVERED"').first().waitFor();
    };
    await run();
    // The editor starts its workers when it has something for them to do.
    await expect
      .poll(() => arrived.filter(isAsset).map(nameOf).sort())
      .toEqual([
        'editor-worker.js',
        'favicon.ico',
        'graphiql.css',
        'graphiql.js',
        'graphql-worker.js',
        'json-worker.js',
      ]);
    await expect.poll(() => [...encodings.values()]).toEqual(Array(6).fill('gzip'));

    await page.goto('about:blank');
    arrived.length = 0;
    await page.goto(`${gateway.origin}/graphql`);
    await run();
    expect(arrived).toContain('/graphql');
    expect(arrived.filter(isAsset)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('opens the same tabs again, with the same one in front', async () => {
    await page.reload();
    await page.getByRole('tab', { name: 'Page', selected: true }).waitFor();
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(TITLES);
    await page.getByRole('button', { name: 'Again', exact: true }).click();
    // GraphiQL keeps each a moment after it has changed.
    const kept = () =>
      page.evaluate(() =>
        ['query', 'variables', 'tabState'].map((key) => localStorage.getItem(`graphiql:${key}`)).join(),
      );
    await expect.poll(kept).toMatch(/query Again.*"id": .*"activeTabIndex":4/s);
    await page.reload();
    await page.getByRole('tab', { name: 'Again', selected: true }).waitFor();
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(TITLES);
    expect(complaints).toEqual([]);
  });

  test('keeps the edited query out of the URL, so that a reload opens the tabs again', async () => {
    await page.locator('.graphiql-query-editor').click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('# Edited.\n');
    await expect.poll(() => page.evaluate(() => JSON.stringify({ ...localStorage }))).toContain('# Edited.');
    expect(page.url()).toBe(`${gateway.origin}/graphql`);
    await page.reload();
    await page.locator('.graphiql-query-editor').getByText('# Edited.').waitFor();
    expect(complaints).toEqual([]);
  });

  test.each(QUERIES)('runs the tab %s unchanged with Ctrl-Enter, without an error', async (title) => {
    await page.getByRole('button', { name: title ?? '', exact: true }).click();
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

  test('loads the schema, so that its documentation can be read', async () => {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByRole('link', { name: 'Query', exact: true }).click();
    await page.getByRole('link', { name: 'smartInvite', exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });
});
