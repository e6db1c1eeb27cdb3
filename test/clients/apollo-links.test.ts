// What else an Apollo Client sends and is told: batches, what is refused before it runs, and the headers of a page.

import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.stop());

function createApollo(link: HttpLink | BatchHttpLink): ApolloClient {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  onTestFinished(() => client.stop());
  return client;
}

/** The messages of GraphQL errors that a query ends with; anything else that it ends with is thrown. */
async function messagesOf(query: Promise<unknown>): Promise<string[]> {
  const error = await query.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!CombinedGraphQLErrors.is(error)) throw error;
  return error.errors.map(({ message }) => message);
}

test('each query of a batch is told that batching is off, and what serves better', async () => {
  const client = createApollo(new BatchHttpLink({ uri: `${gateway.origin}/graphql`, batchMax: 10, batchInterval: 5 }));
  const ids = ['review-sent', 'review-delivered', 'review-waiting-1'];
  const queries = ids.map((id) =>
    client.query({ query: gql(`{ reviewInvitation(invitationId: "${id}") { id status } }`) }),
  );
  for (const messages of await Promise.all(queries.map(messagesOf))) {
    expect(messages).toEqual([expect.stringMatching(/^Batching is off: .* `invitations\(refs: \[\.\.\.\]\)`/)]);
  }
  expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
});

test('a query that is refused before it runs shows its message', async () => {
  const client = createApollo(new HttpLink({ uri: `${gateway.origin}/graphql` }));
  const query = gql('query One($id: ID!) { reviewInvitation(invitationId: $id) { status } }');
  const variables = { id: 'a'.repeat(200_000) };
  expect(await messagesOf(client.query({ query, variables }))).toEqual([
    'The request is larger than 102400 bytes: ask for less at once.',
  ]);
});
