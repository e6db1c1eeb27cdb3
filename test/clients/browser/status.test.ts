// The operators' page in four scenes, as an operator finds it who knows nothing but the page: each of the five questions has its
// answer there, by its role and in words. What it looks like is in pictures in the system's folder for temporary files.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startKeyServer } from '../../access/key-server.ts';
import { createSigningKey } from '../../access/tokens.ts';
import { freePort } from '../../free-port.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../harness.ts';
import { startRedisServer } from '../../redis/server.ts';
import { launchChromium } from './chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

interface Opened {
  readonly gateway: TestGateway;
  readonly page: Page;
  /** What the browser complained of, a violation of the page's policy among it. */
  readonly complaints: string[];
  /** Everything that the page asked for. */
  readonly asked: string[];
}

async function openScene(options: TestGatewayOptions = {}): Promise<Opened> {
  const gateway = await startTestGateway(options);
  onTestFinished(() => gateway.stop());
  return { gateway, ...(await openPage(gateway)) };
}

async function openPage(gateway: TestGateway): Promise<Omit<Opened, 'gateway'>> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${gateway.adminOrigin}/status`);
  await page.getByText('Live', { exact: true }).first().waitFor();
  return { page, complaints, asked };
}

/** An operator's question: its answer once it holds this, and the word of its state. */
async function answerTo(page: Page, question: string, text: RegExp): Promise<string> {
  const article = page.getByRole('article', { name: question });
  await article.getByText(text).first().waitFor();
  return article.innerText();
}

async function takePictures(page: Page, scene: string): Promise<void> {
  for (const [name, width, colorScheme] of [
    ['desktop', 1280, 'light'],
    ['phone', 390, 'light'],
    ['dark', 1280, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(width);
    await page.screenshot({ path: join(tmpdir(), `invitation-gateway-status-${scene}-${name}.png`), fullPage: true });
  }
}

const ASK = `query Ask($reviews: [InvitationRef!]!, $maxAge: Int) {
  invitations(refs: $reviews, maxAgeSeconds: $maxAge) { status }
}`;

const reviews = (ids: readonly string[]) => ids.map((invitationId) => ({ reviewInvitation: { invitationId } }));
const smart = (ids: readonly string[]) => ids.map((smartInviteId) => ({ smartInvite: { smartInviteId } }));

const WAITING = ['review-waiting-1', 'review-waiting-2', 'review-waiting-3', 'review-waiting-4'];
const PENDING = ['invite-pending', 'invite-tentative', 'invite-moving-6'];

function ask(gateway: TestGateway, refs: readonly object[], maxAge: number | null = null) {
  return gateway.query(ASK, { reviews: refs, maxAge });
}

describe('the five questions are answered', { timeout: 60_000 }, () => {
  test('where all is well', async () => {
    const { gateway, page, complaints, asked } = await openScene();
    for (let n = 0; n < 3; n++) await ask(gateway, [...reviews(WAITING), ...smart(PENDING)]);
    expect(await answerTo(page, 'Is it us or them?', /^Neither: providers answer/)).toContain('Well');
    expect(await answerTo(page, 'How old are the answers?', /on average .*younger than/)).toContain('Well');
    expect(await answerTo(page, 'Who spends the quota?', /caller [\w-]{11} takes \d+ %/)).toContain('Well');
    expect(await answerTo(page, 'What is refused, and why?', /^Nothing in the last hour\.$/)).toContain('Well');
    expect(await answerTo(page, 'Will it hold?', /^Yes: callers take/)).toContain('Well');
    const partoo = page.getByRole('article', { name: 'Partoo' });
    await partoo.getByRole('meter', { name: 'Quota of Partoo in 60 s' }).waitFor();
    expect(await partoo.getByRole('meter').first().getAttribute('aria-valuetext')).toMatch(/^\d+ of \d+ calls used$/);
    await partoo.getByRole('img', { name: /Quota of Partoo in the last hour/ }).waitFor();
    await partoo.getByText('Breaker closed').waitFor();
    await partoo
      .getByText(/^\d+ answered$/)
      .first()
      .waitFor();
    await partoo.getByText(/\(mean\), .* \(p99\)$/).waitFor();
    await partoo.getByText(/ for 4 in use$/).waitFor();
    const [line = ''] = gateway.operations;
    await partoo.getByText(JSON.parse(line).viewer, { exact: true }).waitFor();
    await partoo.getByText('closed, no change so far').waitFor();
    const live = page.getByRole('region', { name: 'Live' });
    await live.getByText('3 in the last minute').waitFor();
    await live.getByText(/^0 open, of 2,000 at most$/).waitFor();
    await live.getByText('none in the last hour').waitFor();
    const slowest = page.getByRole('region', { name: 'Slowest operations' });
    await slowest.getByRole('cell', { name: /^document [0-9a-f]{12}$/ }).waitFor();
    await takePictures(page, 'well');
    expect(complaints).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(`${gateway.adminOrigin}/status`) && !url.startsWith('data:'))).toEqual(
      [],
    );
  });

  test('where Partoo is slow', async () => {
    const { gateway, page } = await openScene();
    await ask(gateway, [...reviews(WAITING), ...smart(PENDING)]);
    gateway.sandbox.partoo.misbehave({ delayMs: 1_500 });
    await Promise.all([1, 2, 3].map((n) => ask(gateway, reviews(WAITING.map((id) => `${id}-${n}`)))));
    const fault = await answerTo(
      page,
      'Is it us or them?',
      /^Them: Partoo is slow: half of its calls take longer than 1\.\d s/,
    );
    expect(fault).toContain('Look at it');
    await page.getByRole('article', { name: 'Is it us or them?' }).locator('summary').click();
    await page.getByText('Nothing is wrong with this process.').waitFor();
    await page
      .getByRole('article', { name: 'Partoo' })
      .getByText(/1\.\d s \(median\)/)
      .waitFor();
    await answerTo(page, 'What is refused, and why?', /^Nothing in the last hour/);
    await answerTo(page, 'How old are the answers?', /on average/);
    await answerTo(page, 'Who spends the quota?', /takes/);
    await answerTo(page, 'Will it hold?', /^Yes/);
    await takePictures(page, 'partoo-slow');
  });

  test('where Cronofy throttles', async () => {
    const { gateway, page } = await openScene();
    await ask(gateway, [...reviews(WAITING), ...smart(PENDING)]);
    gateway.sandbox.cronofy.misbehave({ status: 429, headers: { 'retry-after': '30' } });
    await ask(gateway, smart(['invite-accepted', 'invite-declined', 'invite-proposal']));
    const fault = await answerTo(
      page,
      'Is it us or them?',
      /^Them: Cronofy throttles us: it refused \d calls? in the last minute as too many \(429\); no call is made for another/,
    );
    expect(fault).toContain('Act on it');
    const refused = await answerTo(
      page,
      'What is refused, and why?',
      /answers? in the last hour, mostly because the provider throttled \(429\)/,
    );
    expect(refused).toContain('Act on it');
    await page.getByRole('article', { name: 'What is refused, and why?' }).locator('summary').click();
    await page.getByText(/PROVIDER_RATE_LIMITED \(CRONOFY\), \d times?/).waitFor();
    await page
      .getByRole('region', { name: 'Last problems' })
      .getByRole('cell', { name: 'PROVIDER_RATE_LIMITED' })
      .first()
      .waitFor();
    await answerTo(page, 'Will it hold?', /^Not now: Cronofy asks for no call for another/);
    await takePictures(page, 'cronofy-throttles');
  });

  test('where Redis is gone', async () => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const { gateway, page } = await openScene({ environment: { REDIS_URL: redis.url } });
    await ask(gateway, reviews(WAITING));
    await page.getByText('✓ Can be used').waitFor();
    await redis.kill();
    await ask(gateway, reviews(WAITING), 0);
    const fault = await answerTo(page, 'Is it us or them?', /^Us: Redis cannot be used for .* \(\w+.*\)/);
    expect(fault).toContain('Act on it');
    await answerTo(page, 'Who spends the quota?', /takes|Nobody/);
    await takePictures(page, 'redis-gone');
    await redis.restart();
    await answerTo(page, 'Is it us or them?', /^Neither/);
  });
});

test('the page says how old the keys of tokens are, and that they cannot be fetched', async () => {
  const server = await startKeyServer([(await createSigningKey('one')).jwk]);
  const keysOf = (page: Page) => page.getByRole('region', { name: 'Process' }).getByRole('definition');
  const { page } = await openScene({ environment: { AUTH_JWKS_URL: server.url } });
  await keysOf(page)
    .getByText(/^fetched [\d.]+ m?s ago$/)
    .waitFor();
  server.answer((response) => void response.writeHead(503).end());
  const down = await openScene({ environment: { AUTH_JWKS_URL: server.url } });
  await keysOf(down.page).getByText('never fetched; ■ cannot be fetched now').waitFor();
  expect(await answerTo(down.page, 'Is it us or them?', /^Us: the keys .* were never had/)).toContain('Act on it');
});

test('the page says when it is disconnected, and since when, and is alive again by itself', {
  timeout: 60_000,
}, async () => {
  const environment = { ADMIN_PORT: String(await freePort()) };
  const first = await startTestGateway({ environment });
  const { page } = await openPage(first);
  await first.stop();
  const status = page.getByRole('status').first();
  await vi.waitUntil(async () => /^Disconnected since \d\d:\d\d:\d\d/.test(await status.innerText()), 15_000);
  const second = await startTestGateway({ environment });
  onTestFinished(() => second.stop());
  await vi.waitUntil(async () => (await status.innerText()) === 'Live', 15_000);
});

test('nothing moves on the page while its figures change', { timeout: 60_000 }, async () => {
  const { gateway, page } = await openScene();
  await ask(gateway, [...reviews(WAITING), ...smart(PENDING)]);
  await answerTo(page, 'Who spends the quota?', /takes/);
  await page.evaluate(() => {
    const moved: number[] = [];
    Object.assign(window, { moved });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) moved.push((entry as unknown as { value: number }).value);
    }).observe({ type: 'layout-shift' });
  });
  const before = await page.getByText(/^As of/).innerText();
  gateway.sandbox.cronofy.misbehave({ status: 429, headers: { 'retry-after': '30' } });
  await ask(gateway, smart(['invite-accepted', 'invite-declined', 'invite-proposal']));
  await answerTo(page, 'Is it us or them?', /^Them/);
  await vi.waitUntil(async () => (await page.getByText(/^As of/).innerText()) !== before, 5_000);
  const moved = await page.evaluate(() => (window as unknown as { moved: number[] }).moved);
  expect(moved.reduce((sum, each) => sum + each, 0)).toBeLessThan(0.01);
});

test.each(['light', 'dark'] as const)(
  'a reader of screens finds its way, and the %s colours are told apart',
  async (colorScheme) => {
    const gateway = await startTestGateway();
    onTestFinished(() => gateway.stop());
    await ask(gateway, [...reviews(WAITING), ...smart(PENDING)]);
    await gateway.query('{ nothing }');
    // The checker is a script that the page's policy does not allow.
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme, bypassCSP: true });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(`${gateway.adminOrigin}/status`);
    await answerTo(page, 'What is refused, and why?', /in the last hour/);
    await page.addScriptTag({ content: axe.source });
    const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  },
);

test('everything that can be opened or scrolled is reached by keyboard', async () => {
  const { page } = await openScene();
  const reached = new Set<string>();
  for (let n = 0; n < 20; n++) {
    await page.keyboard.press('Tab');
    reached.add(
      await page.evaluate(() => {
        const { activeElement: element } = document;
        return element?.getAttribute('aria-labelledby') ?? element?.textContent?.trim() ?? '';
      }),
    );
  }
  expect([...reached]).toEqual(
    expect.arrayContaining(['Skip to the accounts', 'Why', 'problems-title', 'operations-title']),
  );
  await page.getByRole('link', { name: 'Skip to the accounts' }).press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('accounts');
});
