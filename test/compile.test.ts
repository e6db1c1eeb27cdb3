// `--compile`: what Node keeps of the sources, so that a start neither strips types nor compiles. What was loaded without
// it would load Node's compiler of TypeScript too, which is a sixth of what an idle process holds.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { endRuns, MAIN, PATIENCE_MS, run } from './process.ts';

const PATIENCE = { timeout: PATIENCE_MS, interval: 20 };

/** All that a gateway may load, it loads with these. */
const EVERYTHING = {
  PORT: '0',
  SANDBOX: 'on',
  ADMIN_PORT: '0',
  REDIS_URL: 'redis://127.0.0.1:1',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
};

afterEach(endRuns);

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The sources that a gateway has loaded, by whether Node had kept what it needs of them. */
async function loadedWith(folder: string) {
  const { stdout, stderr } = run(MAIN, {
    ...EVERYTHING,
    NODE_COMPILE_CACHE: folder,
    NODE_COMPILE_CACHE_READONLY: '1',
    NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
  });
  await vi.waitUntil(() => stdout().includes('listens on'), PATIENCE);
  const told = (words: RegExp) => [...stderr().matchAll(words)].map(([, path]) => path);
  return {
    kept: told(/retrieving transpile cache for StrippedTypeScript \S*\/src\/(\S+\.ts)\.\.\.success/g),
    anew: told(/no transpile cache for StrippedTypeScript \S*\/src\/(\S+)/g),
  };
}

test('keeps every source that a gateway may load', async () => {
  const folder = newFolder();
  const { ended, stdout } = run(MAIN, { NODE_COMPILE_CACHE: folder }, '--compile');
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(stdout()).toBe('');
  const { kept, anew } = await loadedWith(folder);
  expect(anew).toEqual([]);
  const parts = ['main', 'sandbox/sandbox', 'redis/redis', 'telemetry/traces/traces', 'gateway/status-route'];
  expect(kept).toEqual(expect.arrayContaining(parts.map((part) => `${part}.ts`)));
});

test('keeps more than a process does that has loaded less', async () => {
  const folder = newFolder();
  const { ended } = run(MAIN, { NODE_COMPILE_CACHE: folder }, '--check');
  await ended;
  const { kept, anew } = await loadedWith(folder);
  expect(kept).toContain('main.ts');
  expect(anew).toEqual(expect.arrayContaining(['sandbox/sandbox.ts', 'redis/redis.ts']));
});

test('is refused without a folder', async () => {
  const { ended, stderr } = run(MAIN, {}, '--compile');
  expect(await ended).toEqual({ code: 1, signal: null });
  expect(stderr()).toBe('NODE_COMPILE_CACHE names no folder that can be written to.\n');
});
