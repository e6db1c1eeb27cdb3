// README's clients, each with a page of three rows: one that is there, one that fails, and one that is not there. The code
// of the README is the code that runs here.

import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ApolloClient, CombinedGraphQLErrors, gql, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, fetchExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import { type ConcreteRequest, createOperationDescriptor, type Environment } from 'relay-runtime';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { accept } from './gateway.ts';
import { createApollo, PAGE_OPTIONS } from './snippets/apollo.ts';
import { createRequests } from './snippets/graphql-request.ts';
import { createRelay } from './snippets/relay.ts';
import { RowErrors } from './snippets/row-errors.ts';
import { createUrql } from './snippets/urql.ts';

const PAGE = 'query Page($refs: [InvitationRef!]!) { invitations(refs: $refs) { __typename id status } }';
const MOVING = { smartInvite: { smartInviteId: 'invite-pending' } };
const variables = {
  refs: [
    MOVING,
    ...['review-sent', 'no-such-invitation'].map((invitationId) => ({ reviewInvitation: { invitationId } })),
  ],
};
const FAILED = {
  message: expect.any(String),
  path: ['invitations', 1],
  extensions: { code: 'PROVIDER_UNAVAILABLE', provider: 'PARTOO' },
};

interface Page {
  readonly invitations: readonly ({ readonly status: string } | null)[];
}

let gateway: TestGateway;
let url: string;
beforeEach(async () => {
  gateway = await startTestGateway();
  url = `${gateway.origin}/graphql`;
  gateway.sandbox.partoo.misbehave({ status: 500, match: 'review-sent' });
});
afterEach(() => gateway.stop());

const statusesOf = (page: Page | null | undefined) => page?.invitations.map((row) => row?.status ?? null);
const PATIENCE = { timeout: 30_000, interval: 50 };
const PARTS = ['PENDING', null, null];

test.each(['row-errors', 'apollo', 'urql', 'graphql-request', 'relay', 'web-socket-client'])(
  'the README has %s to the letter',
  async (name) => {
    const code = await readFile(new URL(`snippets/${name}.ts`, import.meta.url), 'utf8');
    expect(await readFile('README.md', 'utf8')).toContain(`\`\`\`ts\n${code}\`\`\``);
  },
);

test('Apollo Client gives the other rows, and which one failed, also after a change of another one', async () => {
  const rowErrors = new RowErrors();
  const client = createApollo(url, rowErrors);
  onTestFinished(() => client.stop());
  const shown: (string | null)[][] = [];
  const page = client.watchQuery<Page>({ query: gql(PAGE), variables, ...PAGE_OPTIONS });
  const watching = page.subscribe(({ data }) => {
    const statuses = statusesOf(data as Page | undefined);
    if (statuses !== undefined) shown.push(statuses);
  });
  onTestFinished(() => watching.unsubscribe());
  await vi.waitUntil(() => shown.length === 1);
  expect(shown).toEqual([PARTS]);
  expect(rowErrors.at(variables, 0)).toBeUndefined();
  expect(rowErrors.at(variables, 1)).toMatchObject(FAILED);
  expect(rowErrors.at(variables, 2)).toBeUndefined();

  const Invitation = gql('fragment Row on SmartInvite { status }');
  const id = Object.keys(client.cache.extract() as object).find((key) => key.startsWith('SmartInvite:'));
  client.cache.writeFragment({
    id: id ?? '',
    fragment: Invitation,
    data: { __typename: 'SmartInvite', status: 'ACCEPTED' },
  });
  await vi.waitUntil(() => shown.length === 2);
  expect(shown.at(-1)).toEqual(['ACCEPTED', null, null]);
  // Apollo itself has forgotten it.
  expect(page.getCurrentResult().error).toBeUndefined();
  expect(rowErrors.at(variables, 1)).toMatchObject(FAILED);

  gateway.sandbox.partoo.misbehave(undefined);
  accept(gateway);
  await vi.waitFor(
    async () => {
      const { data } = await page.refetch();
      expect(statusesOf(data as Page)?.[1]).toBe('PENDING');
    },
    { interval: 500 },
  );
  expect(rowErrors.at(variables, 1)).toBeUndefined();
});

test('Apollo Client rejects the whole page without what the README sets', async () => {
  const client = createApollo(url, new RowErrors());
  onTestFinished(() => client.stop());
  await expect(client.query({ query: gql(PAGE), variables })).rejects.toThrow();
});

test('urql gives the other rows, and which one failed, out of its cache too', async () => {
  const client = createUrql(url);
  for (const _ of [1, 2]) {
    const { data, error } = await client.query<Page>(PAGE, variables).toPromise();
    expect(statusesOf(data)).toEqual(PARTS);
    expect(error?.graphQLErrors).toMatchObject([FAILED]);
  }
});

test('graphql-request gives the other rows, and which one failed', async () => {
  const { data, errors } = await createRequests(url).rawRequest<Page>(PAGE, variables);
  expect(statusesOf(data)).toEqual(PARTS);
  expect(errors).toMatchObject([FAILED]);
});

const LIVE =
  'subscription Live($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { __typename externalId status } }';

/** Which of the refs an event is about: by its index where it failed, else by its id. */
function nameOf(event: { data?: unknown; errors?: readonly { extensions?: unknown }[] | undefined }): unknown {
  const data = event.data as { invitationChanged?: { externalId: string } } | null | undefined;
  const extensions = event.errors?.[0]?.extensions as { refIndex?: number } | undefined;
  return extensions?.refIndex ?? data?.invitationChanged?.externalId;
}

test('Apollo Client hears which row of a subscription failed, and its state when it can be read', async () => {
  const socket = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  const client = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() });
  onTestFinished(() => {
    client.stop();
    void socket.dispose();
  });
  const heard: unknown[] = [];
  const events = client.subscribe({ query: gql(LIVE), variables }).subscribe(({ data, error }) => {
    heard.push(nameOf({ data, errors: CombinedGraphQLErrors.is(error) ? error.errors : undefined }));
  });
  onTestFinished(() => events.unsubscribe());
  await vi.waitFor(() => expect(heard.toSorted()).toEqual([1, 'invite-pending']), PATIENCE);
  gateway.sandbox.partoo.misbehave(undefined);
  await vi.waitFor(() => expect(heard).toContain('review-sent'), PATIENCE);
}, 60_000);

test('urql hears which row of a subscription failed, and its state when it can be read', async () => {
  const client = new Client({ url, preferGetMethod: false, fetchSubscriptions: true, exchanges: [fetchExchange] });
  const heard: unknown[] = [];
  let told = 0;
  const { unsubscribe } = client.subscription(LIVE, variables).subscribe(({ data, error }) => {
    const errors = error?.graphQLErrors ?? [];
    heard.push(nameOf({ data, errors: errors.slice(told) }));
    told = errors.length;
  });
  onTestFinished(unsubscribe);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual([1, 'invite-pending']), PATIENCE);
  gateway.sandbox.partoo.misbehave(undefined);
  await vi.waitFor(() => expect(heard).toContain('review-sent'), PATIENCE);
}, 60_000);

/** What Relay's compiler makes of these operations. */
async function compile(...operations: string[]): Promise<(name: string) => Promise<ConcreteRequest>> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-rows-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await copyFile('schema.graphql', join(folder, 'schema.graphql'));
  await symlink(fileURLToPath(new URL('node_modules', import.meta.url)), join(folder, 'node_modules'));
  const texts = operations.map((text) => `graphql\`${text}\`;`);
  await writeFile(join(folder, 'Page.js'), `import { graphql } from 'relay-runtime';\n${texts.join('\n')}\n`);
  const config = { src: '.', schema: './schema.graphql', language: 'javascript', eagerEsModules: true };
  await writeFile(join(folder, 'relay.config.json'), JSON.stringify(config));
  const compiler = fileURLToPath(new URL('node_modules/.bin/relay-compiler', import.meta.url));
  await promisify(execFile)(compiler, ['relay.config.json'], { cwd: folder });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  return async (name) => {
    const made = await import(/* @vite-ignore */ pathToFileURL(join(folder, `__generated__/${name}.graphql.js`)).href);
    return made.default;
  };
}

async function read(environment: Environment, request: ConcreteRequest, given: object): Promise<unknown> {
  const operation = createOperationDescriptor(request, { ...given });
  await environment.execute({ operation }).toPromise();
  return environment.lookup(operation.fragment).data;
}

test('Relay gives the other rows of a list, and which one failed', async () => {
  const requestOf = await compile(PAGE.replace('Page', 'PageQuery'));
  const rowErrors = new RowErrors();
  const page = await read(createRelay(url, rowErrors), await requestOf('PageQuery'), variables);
  expect(statusesOf(page as Page)).toEqual(PARTS);
  expect([0, 1, 2].map((row) => rowErrors.at(variables, row))).toMatchObject([undefined, FAILED, undefined]);
});

test('Relay tells by @catch one invitation that failed from one that is not there', async () => {
  const [one = ''] = /query \w+Query[^`]*@catch[^`]*/.exec(await readFile('README.md', 'utf8')) ?? [];
  const requestOf = await compile(one);
  const request = await requestOf(/query (\w+)/.exec(one)?.[1] ?? '');
  const environment = createRelay(url, new RowErrors());
  const [there, failed, missing] = await Promise.all(variables.refs.map((ref) => read(environment, request, { ref })));
  expect(there).toMatchObject({ invitation: { ok: true, value: { status: 'PENDING' } } });
  expect(failed).toMatchObject({ invitation: { ok: false, errors: [{ extensions: FAILED.extensions }] } });
  expect(missing).toEqual({ invitation: { ok: true, value: null } });
});
