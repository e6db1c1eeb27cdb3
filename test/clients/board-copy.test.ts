// README's "Copy the board": with the packages that it names and no others, a copy in a project of its own builds and is
// type-checked; and a document that changes while the board is served has its types at once.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createServer } from 'vite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SECRET } from '../access/tokens.ts';
import { freePort } from '../free-port.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
const part = readme.slice(readme.indexOf('### Copy the board'), readme.indexOf('### One subscription'));
const [, commands = ''] = /^```sh\n([\s\S]*?)^```/m.exec(part) ?? [];

/** A project that has what README says, and the packages that its commands install. */
async function copyBoard(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'board-copy-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 5 }));
  const isSource = (path: string) => !path.includes('generated');
  await cp(join(ROOT, 'test/clients/board'), join(folder, 'src/board'), { recursive: true, filter: isSource });
  for (const name of ['token.ts', 'subscribe-anew.ts'])
    await cp(join(ROOT, 'test/clients', name), join(folder, 'src', name));
  await cp(join(ROOT, 'schema.graphql'), join(folder, 'schema.graphql'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const installs = commands.split('\n').filter((line) => line.startsWith('npm install'));
  for (const named of installs.flatMap((line) => line.split(/\s+/).slice(2))) {
    const name = named.replace(/(?<=.)@[\d.]+$/, '');
    if (name.startsWith('--')) continue;
    const installed = ['test/clients/node_modules', 'node_modules']
      .map((path) => join(ROOT, path, name))
      .find(existsSync);
    if (installed === undefined) throw new Error(`README names ${name}, which is not installed here.`);
    await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true });
    await symlink(installed, join(folder, 'node_modules', name));
  }
  return folder;
}

/** A command of the README. `npx` would look for it among the packages of the copy, which have no commands here. */
async function run(command: string, cwd: string): Promise<string> {
  const path = ['node_modules', 'test/clients/node_modules'].map((each) => join(ROOT, each, '.bin')).join(':');
  const env = { ...process.env, NODE_ENV: 'production', PATH: `${path}:${process.env.PATH}` };
  const args = ['-c', command.replace('npx ', '')];
  const { stdout, stderr } = await promisify(execFile)('/bin/sh', args, { cwd, env }).catch((error) => error);
  return `${stdout}${stderr}`;
}

test('a copy of the board builds and is type-checked', { timeout: 60_000 }, async () => {
  const folder = await copyBoard();
  const [build = '', check = '', ...others] = commands.split('\n').filter((line) => line.startsWith('npx'));
  expect(others).toEqual([]);
  expect(await run(build, folder)).toContain('✓ built');
  expect(existsSync(join(folder, 'src/board/dist/index.html'))).toBe(true);
  expect(await run(check, folder)).toBe('');
  // A mistake is found, so that something was looked at.
  const row = join(folder, 'src/board/row.tsx');
  await writeFile(
    row,
    (await readFile(row, 'utf8')).replace('data.status', 'data.state').replace('observedAt,', 'seenAt,'),
  );
  expect(await run(check, folder)).toContain("'seenAt' does not exist");
});

test('a document that changes while the board is served has its types at once', { timeout: 60_000 }, async () => {
  const folder = await copyBoard();
  vi.stubEnv('AUTH_JWT_SECRET', SECRET);
  onTestFinished(() => void vi.unstubAllEnvs());
  const root = join(folder, 'src/board');
  const configFile = join(root, 'vite.config.ts');
  const server = await createServer({ configFile, root, logLevel: 'error', server: { port: await freePort() } });
  onTestFinished(() => server.close());
  await server.listen();
  const types = () => readFile(join(root, 'generated/graphql.ts'), 'utf8');
  const [before, after] = ['    ... on SmartInvite {\n', '    ... on SmartInvite {\n      callbackUrl\n'];
  const row = join(root, 'row.tsx');
  const text = await readFile(row, 'utf8');
  expect([text.includes(before), (await types()).includes('"callbackUrl"')]).toEqual([true, false]);
  await writeFile(row, text.replace(before, after));
  await expect.poll(types, { timeout: 20_000 }).toContain('"callbackUrl"');
});
