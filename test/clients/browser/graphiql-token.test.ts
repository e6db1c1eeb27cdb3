// GraphiQL of a gateway that asks for tokens, in a real browser: a developer pastes one, and the page does not keep it.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SECRET, sign } from '../../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../../harness.ts';
import { launchChromium } from './chromium.ts';

describe('GraphiQL with tokens', () => {
  let gateway: TestGateway;
  let browser: Browser;
  beforeAll(async () => {
    gateway = await startTestGateway({ environment: { AUTH_JWT_SECRET: SECRET } });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  let page: Page;
  beforeEach(async () => {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    page = await context.newPage();
    await page.goto(`${gateway.origin}/graphql`);
    await page.getByRole('tab').first().waitFor();
    return () => context.close();
  });

  const result = () => page.locator('.graphiql-response');
  const headers = () => page.locator('.graphiql-editor-tool').getByText('authorization');
  const run = () => page.getByRole('button', { name: /^Execute query/ }).click();

  async function openHeaders(): Promise<void> {
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    await headers().first().waitFor();
  }

  /** Between the quotes, after "Bearer ". */
  async function paste(token: string): Promise<void> {
    await headers().first().click();
    await page.keyboard.press('Control+End');
    for (let n = 0; n < 2; n++) await page.keyboard.press('ArrowLeft');
    await page.keyboard.insertText(token);
  }

  test('opens without a token, says where one goes, and refuses to run anything', async () => {
    await page.locator('.graphiql-query-editor').getByText('Paste a token into the Headers').waitFor();
    await run();
    await result().getByText('UNAUTHENTICATED').first().waitFor();
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
    const levels = gateway.log.map((line) => JSON.parse(line).level);
    expect(levels.filter((level) => level > 20)).toEqual([]);
  });

  test('runs with a pasted token, and loads the schema with it', async () => {
    const token = sign();
    await openHeaders();
    await paste(token);
    await run();
    await result().getByText('"DELIVERED"').first().waitFor();
    const introspected = page.waitForResponse(
      (response) => response.request().postDataJSON()?.operationName === 'IntrospectionQuery',
    );
    await page.getByRole('button', { name: /Re-fetch GraphQL schema/ }).click();
    expect((await introspected).status()).toBe(200);
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByRole('link', { name: 'Query', exact: true }).waitFor();
  });

  test('keeps the token nowhere: after a reload it has to be pasted again', async () => {
    const token = sign();
    await openHeaders();
    await paste(token);
    await run();
    await result().getByText('"DELIVERED"').first().waitFor();
    // It stores what is edited a moment later.
    await page.locator('.graphiql-query-editor').click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('# Edited.\n');
    await expect.poll(() => page.evaluate(() => JSON.stringify({ ...localStorage }))).toContain('# Edited.');
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    );
    expect(kept).not.toContain(token.slice(-20));
    expect(page.url()).toBe(`${gateway.origin}/graphql`);
    await page.reload();
    await page.getByRole('tab').first().waitFor();
    await run();
    await result().getByText('UNAUTHENTICATED').first().waitFor();
  });
});
