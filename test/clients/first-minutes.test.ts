// README's first five minutes, command by command, in a clone without packages: the board is on the screen, and its rows
// change. Only the ports are others, because those of the README may be taken.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../free-port.ts';
import { launchChromium } from './browser/chromium.ts';

const FIVE_MINUTES = 300_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The files as a clone has them, and those that are not committed yet. */
async function clone(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'first-minutes-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 5 }));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const path of listed.toString().split('\0').filter(Boolean)) await cp(join(ROOT, path), join(folder, path));
  return folder;
}

/** A terminal: runs the commands in a shell, and ends them and all that they started when the test is over. */
function openTerminal(folder: string, commands: string, port: number): () => string {
  const { NODE_ENV: _, VITEST: __, ...environment } = process.env;
  const child: ChildProcess = spawn('/bin/sh', ['-ec', commands], {
    cwd: folder,
    env: { ...environment, PORT: String(port), npm_config_prefer_offline: 'true', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const ended = once(child, 'close');
  onTestFinished(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended;
  });
  return () => output;
}

test('by README alone the board is on the screen with live rows', { timeout: FIVE_MINUTES }, async () => {
  const [gatewayPort, boardPort] = [await freePort(), await freePort()];
  const withOtherPorts = (text: string) =>
    text.replaceAll('4000', String(gatewayPort)).replaceAll('5173', String(boardPort));
  const folder = await clone();
  for (const path of ['vite.config.ts', 'gateway.ts'].map((name) => join(folder, 'test/clients/board', name))) {
    await writeFile(path, withOtherPorts(await readFile(path, 'utf8')));
  }
  const readme = withOtherPorts(await readFile(join(ROOT, 'README.md'), 'utf8'));
  const minutes = readme.slice(readme.indexOf('### The first five minutes'), readme.indexOf('### Copy the board'));
  const [first, second, ...others] = [...minutes.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, body = '']) => body);
  const [, url] = /open <(.*?)>/.exec(minutes) ?? [];
  if (first === undefined || second === undefined || url === undefined) throw new Error('README has no such commands.');
  expect(others).toEqual([]);

  const gateway = openTerminal(folder, first, gatewayPort);
  await expect.poll(gateway, { timeout: FIVE_MINUTES }).toContain(`http://127.0.0.1:${gatewayPort}/graphql`);
  const board = openTerminal(folder, second, gatewayPort);
  await expect.poll(board, { timeout: FIVE_MINUTES }).toContain(url);

  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(url);
  await page.getByRole('status').getByText('Live').waitFor();
  const rows = page.getByRole('listitem');
  await expect.poll(() => rows.filter({ hasText: 'Pending' }).count(), { timeout: 30_000 }).toBeGreaterThan(1);
  const badges = async () => (await page.locator('.badge').allInnerTexts()).join();
  const before = await badges();
  await expect.poll(badges, { timeout: 60_000, interval: 500 }).not.toBe(before);
});
