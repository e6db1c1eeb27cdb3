// Real clients with tokens of two seconds: queries go on, and a stream misses no state, over HTTP, SSE and WebSocket.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client/core/index.js';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions/index.js';
import { cacheExchange, fetchExchange, subscriptionExchange, Client as UrqlClient } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { sign } from '../access/tokens.ts';
import type { TestGateway } from '../harness.ts';
import { startSigned } from '../server/signed.ts';
import { LIVE, LIVE_VARIABLES, PAGE, PAGE_VARIABLES } from './gateway.ts';
import { subscribeAnew } from './subscribe-anew.ts';
import { createTokens, fetchWith } from './token.ts';

const PATIENCE = { interval: 10 };

let gateway: TestGateway;
let asked: number;
let token: () => Promise<string>;
beforeEach(async () => {
  gateway = await startSigned();
  asked = 0;
  token = createTokens(async () => {
    asked += 1;
    return sign({ exp: Math.floor(Date.now() / 1_000) + 2 });
  });
});

const url = () => `${gateway.origin}/graphql`;
const authorization = async () => ({ authorization: `Bearer ${await token()}` });

function reply(status: 'tentative' | 'accepted'): void {
  gateway.sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status });
}

/** Runs a query now and then for longer than two tokens live. */
async function askForLong(ask: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < 8; n++) {
    expect(await ask()).toBe('PENDING');
    await new Promise((resolve) => setTimeout(resolve, 600));
  }
  expect(asked).toBeGreaterThan(2);
}

/** A stream lives for longer than two tokens; each change is seen. */
async function seeChanges(statuses: readonly unknown[], faults: readonly unknown[]): Promise<void> {
  await vi.waitUntil(() => statuses.includes('PENDING'), PATIENCE);
  await vi.waitUntil(() => asked >= 2, PATIENCE);
  reply('tentative');
  await vi.waitUntil(() => statuses.at(-1) === 'TENTATIVE', PATIENCE);
  await vi.waitUntil(() => asked >= 4, PATIENCE);
  reply('accepted');
  await vi.waitUntil(() => statuses.at(-1) === 'ACCEPTED', PATIENCE);
  expect(faults).toEqual([]);
}

test('README shows what runs here', () => {
  const source = readFileSync('test/clients/token.ts', 'utf8');
  expect(readFileSync('README.md', 'utf8')).toContain(`\`\`\`ts\n${source}\`\`\``);
});

test('many who need a token at once ask for it once, and a failure is not remembered', async () => {
  let isDown = true;
  let times = 0;
  const one = createTokens(async () => {
    times += 1;
    if (isDown) throw new Error('down');
    return sign();
  });
  expect(await Promise.allSettled([one(), one()])).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
  isDown = false;
  expect(new Set(await Promise.all([one(), one(), one()])).size).toBe(1);
  expect(times).toBe(2);
});

test('an answer that is no token fails, and is asked for again', async () => {
  let answer = '<html>Log in</html>';
  const one = createTokens(async () => answer);
  await expect(one()).rejects.toThrow();
  answer = sign();
  expect(await one()).toBe(answer);
});

test.each([-3_600_000, 3_600_000])(
  'a token is asked for at half of its life by a clock that is off by %d ms',
  async (off) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    onTestFinished(() => void vi.useRealTimers());
    let times = 0;
    const now = Math.floor(Date.now() / 1_000);
    const given = sign({ iat: now, exp: now + 900 });
    vi.setSystemTime(Date.now() + off);
    const one = createTokens(async () => {
      times += 1;
      return given;
    });
    await one();
    vi.setSystemTime(Date.now() + 440_000);
    await one();
    expect(times).toBe(1);
    vi.setSystemTime(Date.now() + 20_000);
    await one();
    expect(times).toBe(2);
  },
);

test('Apollo Client asks on and on, and over a WebSocket misses no state', { timeout: 40_000 }, async () => {
  const socket = createWsClient({
    url: url().replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: authorization,
    retryWait: () => Promise.resolve(),
    shouldRetry: () => true,
  });
  onTestFinished(() => void socket.dispose());
  const cache = () => new InMemoryCache({ possibleTypes: { Invitation: ['ReviewInvitation', 'SmartInvite'] } });
  const http = new ApolloClient({ link: new HttpLink({ uri: url(), fetch: fetchWith(token) }), cache: cache() });
  await askForLong(async () => {
    const { data } = await http.query<{ invitations: { status: string }[] }>({
      query: gql(PAGE),
      variables: PAGE_VARIABLES,
      fetchPolicy: 'network-only',
    });
    return data?.invitations[0]?.status;
  });
  const statuses: unknown[] = [];
  const faults: unknown[] = [];
  const live = new ApolloClient({ link: new GraphQLWsLink(socket), cache: cache() });
  const events = live.subscribe<{ invitationChanged: { status: string } }>({
    query: gql(LIVE),
    variables: LIVE_VARIABLES,
  });
  const subscription = events.subscribe({
    next: ({ data, error }) => void (error ? faults.push(error) : statuses.push(data?.invitationChanged.status)),
    error: (error) => void faults.push(error),
  });
  onTestFinished(() => subscription.unsubscribe());
  await seeChanges(statuses, faults);
});

test('urql asks on and on, and over SSE misses no state', { timeout: 40_000 }, async () => {
  const sse = createSseClient({ url: url(), retryAttempts: 0, headers: authorization });
  onTestFinished(sse.dispose);
  const client = new UrqlClient({
    url: url(),
    preferGetMethod: false,
    fetch: fetchWith(token),
    exchanges: [
      cacheExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: subscribeAnew(sse, { query, variables: variables as never }, sink as never),
          }),
        }),
      }),
      fetchExchange,
    ],
  });
  await askForLong(async () => {
    const { data } = await client.query(PAGE, PAGE_VARIABLES, { requestPolicy: 'network-only' }).toPromise();
    return data?.invitations[0]?.status;
  });
  const statuses: unknown[] = [];
  const faults: unknown[] = [];
  const document = LIVE.replace('status', 'status isFinal');
  const { unsubscribe } = client.subscription(document, LIVE_VARIABLES).subscribe(({ data, error }) => {
    if (error) faults.push(error);
    else statuses.push(data?.invitationChanged.status);
  });
  onTestFinished(unsubscribe);
  await seeChanges(statuses, faults);
});

test('Relay asks on and on', { timeout: 20_000 }, async () => {
  const { Environment, Network, Observable, RecordSource, Store } = createRequire(import.meta.url)('relay-runtime');
  const authenticated = fetchWith(token);
  const environment = new Environment({
    network: Network.create(async ({ text }: { text: string }, variables: object) => {
      const response = await authenticated(url(), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: text, variables }),
      });
      return response.json();
    }),
    store: new Store(new RecordSource()),
  });
  await askForLong(
    () =>
      new Promise((resolve, reject) => {
        const request = { id: null, text: PAGE, operationKind: 'query', name: 'Page', metadata: {} };
        Observable.from(environment.getNetwork().execute(request, PAGE_VARIABLES, { force: true })).subscribe({
          next: ({ data }: { data: { invitations: { status: string }[] } }) => resolve(data.invitations[0]?.status),
          error: reject,
        });
      }),
  );
});
