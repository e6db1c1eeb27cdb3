// README's "One subscription a page" shows lines of the board, which board.test.ts drives.

import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const BOARD = new URL('board/', import.meta.url);

test('README shows what runs in the board', async () => {
  const readme = await readFile('README.md', 'utf8');
  const pages = (await readdir(BOARD)).filter((name) => name.endsWith('.tsx'));
  const sources = await Promise.all(pages.map((name) => readFile(new URL(name, BOARD), 'utf8')));
  const shown = [...readme.matchAll(/^```tsx\n([\s\S]*?)^```/gm)].flatMap(([, body = '']) => body.split('\n\n'));
  expect(shown.length).toBeGreaterThan(2);
  for (const lines of shown) {
    const indented = lines.trimEnd().replace(/^(?=.)/gm, '  ');
    expect(
      sources.some((source) => source.includes(indented)),
      lines,
    ).toBe(true);
  }
});
