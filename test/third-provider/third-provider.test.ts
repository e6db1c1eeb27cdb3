// A third provider is a folder, a file in three rooms, and a line in each list: it is added to a copy of the sources, and
// everything else there stays as it is. It fails where another file would have to be touched.

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const COPIED = [
  'src',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
  'test/contract',
  'test/harness.ts',
  'test/operators-view.ts',
  'test/patience.ts',
  'test/private.ts',
  'test/access/tokens.ts',
  'test/server/doors.ts',
  'test/server/signed.ts',
  'test/telemetry/searched-spans.ts',
  'test/telemetry/collector.ts',
];

/** Each list of the sources, the line before which a line is put, and that line. */
const LINES: readonly (readonly [list: string, before: string, line: string])[] = [
  [
    'invitation/provider.ts',
    '} as const satisfies',
    "  STARPOST: { title: 'Starpost', sends: 'review invitations by e-mail' },",
  ],
  ['invitation/kinds.ts', 'import {', "import { emailInvitation } from './email-invitation.ts';"],
  ['invitation/kinds.ts', '  ReviewInvitation:', '  EmailInvitation: emailInvitation,'],
  ['providers/index.ts', 'import ', "import { starpost } from './starpost/client.ts';"],
  ['providers/index.ts', '];', '  starpost,'],
  ['schema/index.ts', "import './provider-status.ts';", "import './email-invitation.ts';"],
  ['sandbox/sandbox.ts', 'import {', "import { startStarpost } from './starpost.ts';"],
  ['sandbox/sandbox.ts', '};', '  starpost: startStarpost,'],
];

let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'third-provider-'));
  for (const path of COPIED) await cp(join(root, path), join(copy, path), { recursive: true });
  await cp(join(root, 'test/third-provider/added'), join(copy, 'src'), { recursive: true });
  await cp(join(root, 'test/third-provider/starpost.test.ts'), join(copy, 'test/starpost.test.ts'));
  await rm(join(copy, 'test/contract/providers.test.ts'));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const [list, before, line] of LINES) await insert(join(copy, 'src', list), before, line);
});

afterAll(() => rm(copy, { recursive: true, force: true }));

async function insert(path: string, before: string, line: string): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  const place = lines.findIndex((each) => each.startsWith(before));
  if (place < 0) throw new Error(`${path} has no line that begins with ${before}`);
  await writeFile(path, lines.toSpliced(place, 0, line).join('\n'));
}

/** What a program of node_modules prints; what it prints is the error where it fails. */
async function output(program: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await run(join(copy, 'node_modules/.bin', program), args, { cwd: copy })).stdout;
  } catch (error) {
    throw new Error(error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error));
  }
}

test('the code with a third provider passes the type checker', { timeout: 120_000 }, async () => {
  expect(await output('tsc', '--noEmit', '-p', '.')).toBe('');
});

test('the third provider adds its type to the schema, and changes nothing else in it', async () => {
  const before = await readFile(join(root, 'schema.graphql'), 'utf8');
  await output('node', 'src/schema/print.ts');
  const after = await readFile(join(copy, 'schema.graphql'), 'utf8');
  expect(after).toContain('type EmailInvitation implements Invitation & Node {');
  const lines = new Set(after.split('\n'));
  expect(before.split('\n').filter((line) => !lines.has(line))).toEqual([]);
});

test('the third provider passes the contract suite, and the tests of all layers', { timeout: 120_000 }, async () => {
  expect(await output('vitest', 'run', '--reporter=dot', 'test/starpost.test.ts')).toMatch(/Test Files.*1 passed/);
});
