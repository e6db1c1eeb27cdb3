// Relay's compiler takes the schema: fragments that are fetched again by `node`, as a page of Relay's writes them.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const COMPILER = fileURLToPath(new URL('node_modules/.bin/relay-compiler', import.meta.url));

const TYPES = ['ReviewInvitation', 'SmartInvite', 'Invitation'];

const PAGE = `import { graphql } from 'react-relay';
${TYPES.map((type) => `graphql\`fragment Page_${type} on ${type} @refetchable(queryName: "Page${type}Query") { status staleness { reason } }\`;`).join('\n')}
`;

/** What the compiler says, and the files that it makes. */
async function compile(schema: string): Promise<{ output: string; files: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'schema.graphql'), schema);
  await writeFile(join(folder, 'src/Page.ts'), PAGE);
  const config = { src: './src', schema: './schema.graphql', language: 'typescript' };
  await writeFile(join(folder, 'relay.config.json'), JSON.stringify(config));
  const { stdout, stderr } = await run(COMPILER, ['relay.config.json'], { cwd: folder }).catch((error) => error);
  const files = await readdir(join(folder, 'src/__generated__')).catch(() => []);
  return { output: `${stdout}${stderr}`, files };
}

test('Relay can refetch a fragment on each type', async () => {
  const { output, files } = await compile(await readFile('schema.graphql', 'utf8'));
  expect(output).toContain('Compilation completed.');
  for (const type of TYPES) expect(files).toContain(`Page${type}Query.graphql.ts`);
});

test('Relay could not refetch if `node` took anything but an id', async () => {
  const schema = await readFile('schema.graphql', 'utf8');
  const wider = schema.replace(/\bnode\(/, 'node(maxAgeSeconds: Int, ');
  expect(wider).not.toBe(schema);
  expect((await compile(wider)).files).toEqual([]);
});
