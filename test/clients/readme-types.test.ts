// README's "Types": its files and its commands, in a folder of its own, make types with which a page is checked. Each page
// also has a mistake that the types must find.

import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
const types = readme.slice(readme.indexOf('### Types'), readme.indexOf('## Who may see what'));

/** The block of the README that contains this text. */
function block(language: string, text: string): string {
  const found = [...types.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].find(([, body]) =>
    body?.includes(text),
  );
  if (found?.[1] === undefined) throw new Error(`README has no block of ${language} with ${text}.`);
  return found[1];
}

const [, QUERY = ''] = /^```graphql\n(query Page[\s\S]*?)^```/m.exec(readme) ?? [];

/** What is done with an answer: it is typed to the last field, or this does not compile. */
const USE = `
export function lines({ invitations }: Answer): string[] {
  return invitations.map((invitation) => {
    if (invitation == null) return 'none';
    const observedAt: string = invitation.observedAt;
    // @ts-expect-error There is no such status.
    if (invitation.status === 'OPENED') return 'opened';
    // @ts-expect-error It was not asked for.
    invitation.rawStatus;
    if ('deliveryStatus' in invitation) return \`\${observedAt} \${invitation.deliveryStatus}\`;
    const [first] = ('recipients' in invitation ? invitation.recipients : null) ?? [];
    const email: string | undefined = first?.email;
    return \`\${email} \${first?.comment?.length}\`;
  });
}
`;

interface Project {
  write(path: string, text: string): Promise<void>;
  /** Runs a command of the README. */
  run(command: string): Promise<string>;
  /** What the type checker finds. */
  check(): Promise<string>;
}

/** A folder with these files, the schema, and the packages of this one. */
async function createProject(files: Readonly<Record<string, string>>): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'readme-types-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await copyFile(join(ROOT, 'schema.graphql'), join(folder, 'schema.graphql'));
  await symlink(join(ROOT, 'test/clients/node_modules'), join(folder, 'node_modules'));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const file of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) await write(...file);
  const output = async (program: string, args: readonly string[]) => {
    const { stdout, stderr } = await run(program, args, { cwd: folder }).catch((error) => error);
    return `${stdout}${stderr}`;
  };
  return {
    write,
    run: (command) => output('/bin/sh', ['-c', command]),
    check: () => output(join(ROOT, 'node_modules/.bin/tsc'), ['--noEmit', '--skipLibCheck']),
  };
}

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    strict: true,
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['esnext', 'dom'],
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
  },
  include: ['src'],
});

test("graphql-codegen's client preset types a page, and tells Apollo's cache the kinds of invitations", async () => {
  const project = await createProject({ 'codegen.ts': block('ts', 'CodegenConfig'), 'tsconfig.json': TSCONFIG });
  // There is no document yet, because `graphql()` is one of the files that the command makes.
  expect(await project.run(block('sh', 'graphql-codegen'))).not.toMatch(/fail|error/i);
  await project.write(
    'src/page.ts',
    `
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { graphql } from './generated/gql.ts';
import type { InvitationRef, PageQuery as Answer } from './generated/graphql.ts';
import possibleTypes from './generated/possible-types.ts';

const PAGE = graphql(\`${QUERY}\`);
const client = new ApolloClient({ link: new HttpLink(), cache: new InMemoryCache(possibleTypes) });
export async function load(refs: InvitationRef[]): Promise<string[]> {
  const { data } = await client.query({ query: PAGE, variables: { refs }, errorPolicy: 'all' });
  return data === undefined ? [] : lines(data);
}
// @ts-expect-error It needs its refs.
void client.query({ query: PAGE, variables: {} });
// @ts-expect-error A ref names one invitation, of one kind.
void load([{ reviewInvitation: { invitationId: '1' }, smartInvite: { smartInviteId: '1' } }]);
${USE}`,
  );
  expect(await project.run(block('sh', 'graphql-codegen'))).not.toMatch(/fail|error/i);
  expect(await project.check()).toBe('');
});

test('gql.tada types a page', async () => {
  const project = await createProject({
    'tsconfig.json': block('json', 'gql.tada'),
    'src/graphql.ts': block('ts', 'initGraphQLTada'),
    'src/page.ts': `
import type { ResultOf, VariablesOf } from 'gql.tada';
import { graphql } from './graphql';

export const PAGE = graphql(\`${QUERY}\`);
type Answer = ResultOf<typeof PAGE>;
export const variables: VariablesOf<typeof PAGE> = { refs: [{ reviewInvitation: { invitationId: '1' } }] };
// @ts-expect-error It needs its refs.
export const none: VariablesOf<typeof PAGE> = {};
${USE}`,
  });
  expect(await project.run(block('sh', 'gql.tada'))).toMatch(/generated/i);
  expect(await project.check()).toBe('');
});

test('Relay types a page, whose fragments on both types are refetchable', async () => {
  const project = await createProject({
    'relay.config.json': block('json', 'customScalarTypes'),
    'tsconfig.json': TSCONFIG,
    'src/page.ts': `
import { graphql, useLazyLoadQuery, useRefetchableFragment } from 'react-relay';
import type { pageQuery } from './__generated__/pageQuery.graphql.ts';
import type { page_review$key } from './__generated__/page_review.graphql.ts';
import type { page_smart$key } from './__generated__/page_smart.graphql.ts';

type Answer = pageQuery['response'];
const PAGE = graphql\`${QUERY.replace('query Page', 'query pageQuery')}\`;
export const usePage = (refs: pageQuery['variables']['refs']) => lines(useLazyLoadQuery<pageQuery>(PAGE, { refs }));

export function useReview(review: page_review$key): string {
  const [{ deliveryStatus, observedAt }, refetch] = useRefetchableFragment(
    graphql\`fragment page_review on ReviewInvitation @refetchable(queryName: "pageReviewQuery") { deliveryStatus observedAt }\`,
    review,
  );
  void refetch;
  return \`\${observedAt satisfies string} \${deliveryStatus}\`;
}
export function useSmart(smart: page_smart$key): string {
  const [{ event }] = useRefetchableFragment(
    graphql\`fragment page_smart on SmartInvite @refetchable(queryName: "pageSmartQuery") { event { summary } }\`,
    smart,
  );
  return event.summary ?? '';
}
${USE}`,
  });
  expect(await project.run(block('sh', 'relay-compiler'))).toContain('Compilation completed.');
  expect(await project.check()).toBe('');
});
