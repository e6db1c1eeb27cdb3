// Apollo Client's core, without React: queries by HttpLink into a normalized cache, subscriptions by GraphQLWsLink.
// Persisted queries: persisted.test.ts.

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client/core/index.js';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions/index.js';
import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { accept, LIVE, LIVE_VARIABLES, type Live, PAGE, PAGE_VARIABLES, type Page } from './gateway.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.stop());

function createApollo(): ApolloClient {
  const uri = `${gateway.origin}/graphql`;
  const socket = createClient({ url: uri.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  const client = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === 'subscription',
      new GraphQLWsLink(socket),
      new HttpLink({ uri }),
    ),
    cache: new InMemoryCache({ possibleTypes: { Invitation: ['ReviewInvitation', 'SmartInvite'] } }),
  });
  onTestFinished(() => {
    client.stop();
    void socket.dispose();
  });
  return client;
}

test('Apollo Client gets the answer to the query of the page, and caches one object for each invitation', async () => {
  const client = createApollo();
  const { data } = await client.query<Page>({ query: gql(PAGE), variables: PAGE_VARIABLES });
  expect(data?.invitations).toMatchObject([
    { __typename: 'ReviewInvitation', deliveryStatus: 'SENT' },
    { __typename: 'SmartInvite', status: 'DECLINED', recipients: [{ email: 'cronofy@example.com' }] },
  ]);
  const kept = Object.keys(client.cache.extract() as object).filter((key) => /Invit/.test(key));
  expect(kept).toHaveLength(2);
});

test('Apollo Client gets the current state by a subscription and then a change, and the query on screen shows the change', async () => {
  const client = createApollo();
  const shown: (string | undefined)[] = [];
  const page = client.watchQuery<Page>({ query: gql(PAGE), variables: LIVE_VARIABLES });
  const watching = page.subscribe(({ data }) => shown.push((data as Page | undefined)?.invitations[0]?.status));
  onTestFinished(() => watching.unsubscribe());
  await vi.waitUntil(() => shown.at(-1) === 'PENDING');

  const statuses: (string | undefined)[] = [];
  const events = client.subscribe<Live>({ query: gql(LIVE), variables: LIVE_VARIABLES });
  const subscription = events.subscribe(({ data, error }) => {
    statuses.push(error?.message ?? data?.invitationChanged.status);
  });
  onTestFinished(() => subscription.unsubscribe());
  await vi.waitUntil(() => statuses.length === 1);
  accept(gateway);
  await vi.waitUntil(() => statuses.length === 2);
  expect(statuses).toEqual(['PENDING', 'ACCEPTED']);
  await vi.waitUntil(() => shown.at(-1) === 'ACCEPTED');
});
