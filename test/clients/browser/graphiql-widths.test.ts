// GraphiQL in windows of other widths: what the tabs say is read whole, also beside the documentation, and on a phone
// everything is in reach of a finger.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { schema } from '../../../src/schema/index.ts';
import { graphiqlTabs } from '../../../src/server/graphiql.ts';
import { SECRET } from '../../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../../harness.ts';
import { launchChromium } from './chromium.ts';

const TITLES = graphiqlTabs(schema).map(({ query }) => /^(?:query|subscription) (\w+)/m.exec(query)?.[1] ?? '');

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

async function open(width: number, height: number, { hasTouch = false, origin = gateway.origin } = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height }, isMobile: hasTouch, hasTouch });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(`${origin}/graphql`);
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  return page;
}

const documentation = (page: Page) => page.getByRole('button', { name: /Documentation Explorer/ });

/** How many lines of comment are in the editor, and the room that the longest one leaves, in pixels. */
async function commentsIn(page: Page): Promise<{ lines: number; room: number }> {
  const editor = page.locator('.graphiql-query-editor');
  return editor.evaluate((section) => {
    const lines = [...section.querySelectorAll('.view-line > span')].filter((line) =>
      line.textContent?.startsWith('#'),
    );
    const toolbar = section.querySelector('.graphiql-toolbar')?.getBoundingClientRect();
    const frame = section.querySelector('.monaco-editor')?.getBoundingClientRect();
    if (toolbar === undefined || frame === undefined) throw new Error('GraphiQL has other parts');
    const end = toolbar.top > frame.top ? frame.right : Math.min(frame.right, toolbar.left);
    const longest = Math.max(...lines.map((line) => line.getBoundingClientRect().right));
    return { lines: lines.length, room: end - longest };
  });
}

test.each([
  ['in a window of 1280 pixels', 1280, 800, false],
  ['beside the documentation in one of 1280 pixels', 1280, 800, true],
  ['on a phone', 390, 844, false],
])('the comment of every tab is read whole %s', async (_, width, height, isDocumented) => {
  const page = await open(width, height);
  if (isDocumented) await documentation(page).click();
  for (const title of TITLES) {
    await page.getByRole('button', { name: title, exact: true }).press('Enter');
    await page.locator('.graphiql-query-editor').getByText(title).first().waitFor();
    const { lines, room } = await commentsIn(page);
    expect(lines, title).toBeGreaterThan(0);
    expect(room, title).toBeGreaterThanOrEqual(0);
  }
});

test('where a token is asked for is read whole on a phone, too', async () => {
  const asking = await startTestGateway({ environment: { AUTH_JWT_SECRET: SECRET } });
  onTestFinished(() => asking.stop());
  const page = await open(390, 844, { origin: asking.origin });
  const { lines, room } = await commentsIn(page);
  expect(lines).toBeGreaterThan(5);
  expect(room).toBeGreaterThanOrEqual(0);
});

/** Whether all of it is in the window. */
async function isInView(part: Locator, page: Page): Promise<boolean> {
  const box = await part.boundingBox();
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  return box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
}

test.each([
  ['a phone', 390, 844],
  ['a tablet', 768, 1024],
])('%s shows query and answer below each other, and the documentation in their place', async (name, width, height) => {
  const page = await open(width, height, { hasTouch: true });
  const execute = page.getByRole('button', { name: /^Execute query/ });
  const result = page.locator('.graphiql-response');
  await execute.tap();
  await result.getByText('"DELIVERED"').first().waitFor();
  const sizes = await page.evaluate(() => [window.innerWidth, document.documentElement.scrollWidth]);
  expect(sizes).toEqual([width, width]);
  for (const part of [execute, result, page.locator('.graphiql-query-editor'), documentation(page)]) {
    expect(await isInView(part, page)).toBe(true);
  }
  for (const part of [result, page.locator('.graphiql-query-editor')]) {
    expect((await part.boundingBox())?.width).toBeGreaterThan(0.9 * width);
    expect((await part.boundingBox())?.height).toBeGreaterThan(0.25 * height);
  }
  await page.screenshot({ path: join(tmpdir(), `invitation-gateway-graphiql-${name.replace(' ', '-')}.png`) });

  await documentation(page).tap();
  await page.getByRole('link', { name: 'Query', exact: true }).tap();
  await page.getByRole('link', { name: 'smartInvite', exact: true }).waitFor();
  expect((await page.locator('.graphiql-plugin').boundingBox())?.width).toBe(width);
  expect(await result.isVisible()).toBe(false);
  await documentation(page).tap();
  await result.getByText('"DELIVERED"').first().waitFor();
});
