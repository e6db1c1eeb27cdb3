// urql's core: queries by fetch, subscriptions by either protocol.

import { Client, cacheExchange, fetchExchange, type SubscriptionForwarder, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { accept, LIVE, LIVE_VARIABLES, type Live, PAGE, PAGE_VARIABLES, type Page } from './gateway.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.stop());

const url = () => `${gateway.origin}/graphql`;

function forwardBySse(): SubscriptionForwarder {
  const client = createSseClient({ url: url(), retryAttempts: 0 });
  onTestFinished(client.dispose);
  return ({ query = '', variables }) => ({
    subscribe: (sink) => ({ unsubscribe: client.subscribe({ query, variables: { ...variables } }, sink as never) }),
  });
}

function forwardByWebSocket(): SubscriptionForwarder {
  const client = createWsClient({ url: url().replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  onTestFinished(() => void client.dispose());
  return ({ query = '', variables }) => ({
    subscribe: (sink) => ({ unsubscribe: client.subscribe({ query, variables: { ...variables } }, sink as never) }),
  });
}

function createClient(forwardSubscription?: SubscriptionForwarder): Client {
  const subscriptions = forwardSubscription ? [subscriptionExchange({ forwardSubscription })] : [];
  return new Client({
    url: url(),
    preferGetMethod: false,
    exchanges: [cacheExchange, ...subscriptions, fetchExchange],
  });
}

test('urql gets the answer to a query', async () => {
  const { data, error } = await createClient().query<Page>(PAGE, PAGE_VARIABLES).toPromise();
  expect(error).toBeUndefined();
  expect(data?.invitations).toMatchObject([
    { __typename: 'ReviewInvitation', deliveryStatus: 'SENT' },
    { __typename: 'SmartInvite', status: 'DECLINED' },
  ]);
});

test('urql gets the code of an error', async () => {
  const { error } = await createClient()
    .query(PAGE, { refs: [{ reviewInvitation: { invitationId: '' } }] })
    .toPromise();
  expect(error?.graphQLErrors[0]?.extensions.code).toBe('BAD_USER_INPUT');
});

test.each([
  ['graphql-sse', forwardBySse],
  ['graphql-ws', forwardByWebSocket],
])('urql gets the current state and then a change by a subscription over %s', async (_, forward) => {
  const statuses: (string | undefined)[] = [];
  const client = createClient(forward());
  const { unsubscribe } = client.subscription<Live>(LIVE, LIVE_VARIABLES).subscribe(({ data, error }) => {
    statuses.push(error?.message ?? data?.invitationChanged.status);
  });
  onTestFinished(unsubscribe);
  await vi.waitUntil(() => statuses.length === 1);
  accept(gateway);
  await vi.waitUntil(() => statuses.length === 2);
  expect(statuses).toEqual(['PENDING', 'ACCEPTED']);
});

test('urql subscribes without another package where fetch carries the subscription', async () => {
  const statuses: (string | undefined)[] = [];
  const client = new Client({
    url: url(),
    preferGetMethod: false,
    fetchSubscriptions: true,
    exchanges: [fetchExchange],
  });
  const { unsubscribe } = client.subscription<Live>(LIVE, LIVE_VARIABLES).subscribe(({ data, error }) => {
    statuses.push(error?.message ?? data?.invitationChanged.status);
  });
  onTestFinished(unsubscribe);
  await vi.waitUntil(() => statuses.length === 1);
  accept(gateway);
  await vi.waitUntil(() => statuses.length === 2);
  expect(statuses).toEqual(['PENDING', 'ACCEPTED']);
});
