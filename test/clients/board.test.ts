// The board in a real browser, as it is deployed, at another origin than the gateway's. The gateway asks for tokens, which
// are good for three seconds.

import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TestGateway } from '../harness.ts';
import { type Board, startBoard } from './board-pages.ts';
import { launchChromium } from './browser/chromium.ts';

const TOKEN_SECONDS = 3;
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };

let board: Board;
let browser: Browser;
beforeAll(async () => {
  board = await startBoard(TOKEN_SECONDS);
  browser = await launchChromium();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await board?.stop();
});
afterEach(() => board.gateway.sandbox.cronofy.misbehave(undefined));

interface Seen {
  readonly complaints: string[];
  tokens: number;
  streams: number;
  sockets: number;
}

/** A tab of its own, and what it did. */
async function openTab(viewport = DESKTOP): Promise<[Page, Seen]> {
  const page = await browser.newPage({ viewport });
  onTestFinished(() => page.close());
  const seen: Seen = { complaints: [], tokens: 0, streams: 0, sockets: 0 };
  page.on('pageerror', (error) => seen.complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (request.url().endsWith('/invitation-token')) seen.tokens += 1;
    if (request.headers().accept === 'text/event-stream') seen.streams += 1;
  });
  page.on('websocket', () => {
    seen.sockets += 1;
  });
  return [page, seen];
}

const rowOf = (page: Page, name: string): Locator => page.getByRole('listitem').filter({ hasText: name });
const textOf = async (page: Page, name: string) => (await rowOf(page, name).innerText()).replaceAll('\n', ' ');

function reply({ sandbox }: TestGateway, status: string): void {
  const email = 'invite-tentative@example.com';
  expect(sandbox.cronofy.reply('invite-tentative', { email, status })).toBe(true);
}

describe.each(['SSE', 'WebSocket'])('the board over %s', (transport) => {
  test.each([
    ['a phone', PHONE],
    ['a desktop', DESKTOP],
  ])(
    'stays live on %s while its tokens expire, and keeps all that it shows',
    { timeout: 60_000 },
    async (device, size) => {
      reply(board.gateway, 'tentative');
      const [page, seen] = await openTab(size);
      await page.goto(board.origin);
      await page.getByRole('radio', { name: transport }).check();
      await page.getByRole('status').getByText('Live').waitFor();
      await expect.poll(() => textOf(page, 'invite tentative')).toContain('Tentative');
      expect(await page.getByRole('listitem').count()).toBe(12);
      expect(await textOf(page, 'Board meeting')).toMatch(/Declined.*example comment.*Cronofy, .* · final/);
      expect(await textOf(page, 'invite-of-our-branch')).toMatch(/Not read.*not configured for this data center/);
      expect(await textOf(page, 'review-that-never-was')).toContain('Not found');
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width);
      await page.screenshot({
        path: join(tmpdir(), `invitation-gateway-board-${transport}-${device.replace('a ', '')}.png`),
        fullPage: true,
      });

      // From here on no row may leave the page or change its place.
      await page.evaluate(() => {
        const list = document.querySelector('ul');
        if (list === null) throw new Error('The page has no list.');
        const isRow = (node: Node) => /^(ARTICLE|LI)$/.test(node.nodeName);
        const note = (records: readonly MutationRecord[]) => {
          const lost = records.flatMap(({ removedNodes }) => [...removedNodes].filter(isRow));
          document.body.dataset.lost = String(Number(document.body.dataset.lost ?? 0) + lost.length);
        };
        new MutationObserver(note).observe(list, { childList: true, subtree: true });
      });
      for (const [status, shown] of [
        ['accepted', 'Accepted'],
        ['declined', 'Declined'],
      ] as const) {
        const tokens = seen.tokens;
        await expect.poll(() => seen.tokens).toBeGreaterThan(tokens);
        reply(board.gateway, status);
        await expect.poll(() => textOf(page, 'invite tentative')).toContain(shown);
      }
      expect(await page.getByRole('radio', { name: transport }).isChecked()).toBe(true);
      expect(await page.evaluate(() => document.body.dataset.lost ?? '0')).toBe('0');
      expect(seen.complaints).toEqual([]);
      // A stream and no more at a time: one for each token, and over SSE the one before the other transport was chosen.
      if (transport === 'SSE') expect([seen.streams <= seen.tokens + 1, seen.sockets]).toEqual([true, 0]);
      else expect([seen.streams <= 2, seen.sockets > 1]).toEqual([true, true]);
    },
  );
});

describe('the button', () => {
  test('has the providers asked now for all that may still change, and old answers are shown with the reason', async () => {
    const [page] = await openTab();
    await page.goto(board.origin);
    await expect.poll(() => textOf(page, 'Board meeting')).toContain('final');
    await expect.poll(() => textOf(page, 'review-failed-send')).toContain('final');
    const button = page.getByRole('button', { name: 'Ask providers now' });
    board.gateway.takeCalls();
    await button.click();
    const asked = () =>
      [...board.gateway.sandbox.partoo.calls, ...board.gateway.sandbox.cronofy.calls].map(({ target }) => target);
    await expect.poll(() => asked().filter((target) => target.includes('team-lunch'))).toHaveLength(1);
    await expect.poll(() => textOf(page, 'Team day')).toMatch(/Cronofy, now|1 second ago/);
    expect(asked().filter((target) => /board-meeting|review-failed-send/.test(target))).toEqual([]);

    board.gateway.sandbox.cronofy.misbehave({ status: 503, match: 'team-lunch' });
    await button.click();
    await expect.poll(() => textOf(page, 'Team day')).toMatch(/Pending.*the provider cannot be reached/);
    board.gateway.sandbox.cronofy.misbehave(undefined);
    await button.click();
    await expect.poll(() => textOf(page, 'Team day')).not.toContain('cannot be reached');
  });
});

test('an invitation that a stream cannot read is told in its own row, and comes as soon as it can be read', async () => {
  // A gateway that knows nothing yet.
  const { gateway, origin, stop } = await startBoard(60);
  onTestFinished(stop);
  gateway.sandbox.partoo.misbehave({ status: 500, match: 'review-moving-3' });
  const [page] = await openTab();
  // Only the stream answers: `refIndex` is all that tells the row.
  await page.route(`${gateway.origin}/graphql`, (route) =>
    route.request().headers().accept === 'text/event-stream' ? route.continue() : route.abort(),
  );
  await page.goto(origin);
  await page.getByRole('alert').getByText('The invitations could not be read').waitFor();
  await expect.poll(() => textOf(page, 'review-moving-3')).toMatch(/Not read.*Partoo/);
  await expect.poll(() => textOf(page, 'review-moving-2')).toContain('Not read yet');

  await page.unroute(`${gateway.origin}/graphql`);
  gateway.sandbox.partoo.misbehave(undefined);
  await page.getByRole('button', { name: 'Ask providers now' }).click();
  await expect.poll(() => textOf(page, 'review-moving-3')).toContain('Pending');
  expect(await page.getByRole('alert').count()).toBe(0);
});

test('a stream that the gateway refuses is told, and comes where the viewer connects again', async () => {
  const { origin, stop } = await startBoard(60, { MAX_STREAMS: '1', MAX_STREAMS_PER_CALLER: '1' });
  onTestFinished(stop);
  const [other] = await openTab();
  await other.goto(origin);
  await expect.poll(() => textOf(other, 'Team day')).toContain('Pending');
  await other.getByRole('status').getByText('Live').waitFor();

  const [page] = await openTab();
  await page.goto(origin);
  await page.getByRole('radio', { name: 'WebSocket' }).check();
  const alert = page.getByRole('alert');
  await alert.getByText(/^Not live: .*subscriptions/).waitFor();
  expect(await textOf(page, 'Team day')).toContain('Pending');
  await other.close();
  // Until the gateway has noticed that the other stream has ended, this one is refused again. The button may go before the click.
  await expect
    .poll(
      async () => {
        await alert
          .getByRole('button', { name: 'Connect again' })
          .click({ timeout: 500 })
          .catch(() => undefined);
        return page.getByRole('status').getByText('Live').isVisible();
      },
      { interval: 500 },
    )
    .toBe(true);
});

test.each([0, 1])('every color of the board is readable on what is behind it: scheme %i', async (scheme) => {
  const css = await readFile(new URL('board/board.css', import.meta.url), 'utf8');
  const pairs = [...css.matchAll(/--(\w+): light-dark\((#\w{6}), (#\w{6})\)/g)];
  const colors = new Map(pairs.map(([, name = '', ...pair]) => [name, pair[scheme] ?? '']));
  expect(colors.size).toBe(9);
  const texts = ['ink', 'quiet', 'blue', 'green', 'amber', 'red'];
  const used = texts.flatMap((text) => ['page', 'card'].map((behind) => [text, behind] as const));
  // 4.5 is what WCAG asks of text at level AA.
  for (const [text, behind] of [...used, ['quiet', 'line'] as const]) {
    expect(contrast(colors.get(text) ?? '', colors.get(behind) ?? ''), `${text} on ${behind}`).toBeGreaterThan(4.5);
  }
});

/** As WCAG 2 defines it. */
function contrast(...colors: [string, string]): number {
  const [dark = 0, light = 0] = colors
    .map((color) => {
      const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
      const [red = 0, green = 0, blue = 0] = parts.map((part) =>
        part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    })
    .toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

test('with urql too, one stream stays live while its tokens expire', async () => {
  reply(board.gateway, 'tentative');
  const [page, seen] = await openTab();
  await page.goto(`${board.origin}/urql.html`);
  await expect.poll(() => textOf(page, 'invite-tentative')).toContain('tentative');
  expect(await page.getByRole('listitem').count()).toBe(12);
  await expect.poll(() => textOf(page, 'invite-of-our-branch')).toContain('not configured for this data center');
  const tokens = seen.tokens;
  await expect.poll(() => seen.tokens).toBeGreaterThan(tokens);
  reply(board.gateway, 'accepted');
  await expect.poll(() => textOf(page, 'invite-tentative')).toContain('accepted');
  expect(seen.streams).toBeLessThanOrEqual(seen.tokens);
  expect(seen.complaints).toEqual([]);
});
