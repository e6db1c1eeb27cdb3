// The board while its gateway is down: it says so, and when it tries again, and goes on by itself.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { SECRET } from '../access/tokens.ts';
import { freePort } from '../free-port.ts';
import { endRuns, startGateway } from '../process.ts';
import { startPages } from './board-pages.ts';
import { launchChromium } from './browser/chromium.ts';

afterEach(endRuns);

test.each(['SSE', 'WebSocket'])(
  'over %s the board says that the gateway is down, and is live when it is back',
  {
    timeout: 120_000,
  },
  async (transport) => {
    const [port, pagesPort] = [await freePort(), await freePort()];
    const origin = `http://127.0.0.1:${pagesPort}`;
    const environment = { PORT: String(port), AUTH_JWT_SECRET: SECRET, CORS_ORIGINS: origin };
    onTestFinished(await startPages(pagesPort, `http://127.0.0.1:${port}`, 60));
    const browser = await launchChromium();
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const status = (text: RegExp) => page.getByRole('status').getByText(text).waitFor();
    const rows = () => page.getByRole('listitem').allInnerTexts();

    await page.goto(origin);
    await page.getByRole('radio', { name: transport }).check();
    await status(/^No connection, next try at \d+:\d+:\d+/);
    await page.getByRole('alert').getByText('could not be read: the gateway does not answer.').waitFor();
    expect((await rows()).filter((text) => text.includes('Not read yet'))).toHaveLength(12);
    await page.screenshot({ path: join(tmpdir(), `invitation-gateway-board-down-${transport}.png`), fullPage: true });

    const first = await startGateway(environment);
    await status(/^Live$/);
    await expect.poll(rows).not.toContainEqual(expect.stringContaining('Not read yet'));
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);

    first.child.kill('SIGKILL');
    await first.ended;
    await status(/^No connection/);
    expect((await rows()).filter((text) => text.includes('Team day'))).toHaveLength(1);
    await startGateway(environment);
    await status(/^Live$/);
  },
);
