// The same with urql and its normalized cache: one query and one subscription a page, and the cache feeds the rows.

import { cacheExchange } from '@urql/exchange-graphcache';
import { createRoot } from 'react-dom/client';
import {
  Client,
  type CombinedError,
  fetchExchange,
  Provider,
  subscriptionExchange,
  useQuery,
  useSubscription,
} from 'urql';
import { subscribeAnew } from '../subscribe-anew.ts';
import { fetchWithToken, streams, url } from './gateway.ts';
import { graphql } from './generated/gql.ts';
import schema from './generated/introspection.json' with { type: 'json' };
import { REFS } from './refs.ts';
import { nameOf } from './words.ts';

const PAGE = graphql(`
  query UrqlPage($refs: [InvitationRef!]!) {
    invitations(refs: $refs) {
      id
      status
    }
  }
`);

const CHANGES = graphql(`
  subscription UrqlChanges($refs: [InvitationRef!]!) {
    invitationChanged(refs: $refs) {
      id
      status
      isFinal
    }
  }
`);

const client = new Client({
  url,
  preferGetMethod: false,
  fetch: fetchWithToken,
  exchanges: [
    // With the schema it knows that one invitation may be null beside others.
    cacheExchange({ schema }),
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: subscribeAnew(streams.SSE, { query, variables: { refs: [], ...variables } }, sink),
        }),
      }),
    }),
    fetchExchange,
  ],
});

function Page() {
  const variables = { refs: REFS };
  const [{ data, error }] = useQuery({ query: PAGE, variables });
  useSubscription({ query: CHANGES, variables });
  return (
    <main>
      <h1>Invitations</h1>
      <ul>
        {REFS.map((ref, n) => (
          <li key={nameOf(ref)}>
            {nameOf(ref)}: {data?.invitations[n]?.status.toLowerCase() ?? problemAt(n, error) ?? 'none'}
          </li>
        ))}
      </ul>
    </main>
  );
}

function problemAt(place: number, error: CombinedError | undefined): string | undefined {
  return error?.graphQLErrors.find(({ path }) => path?.[1] === place)?.message ?? error?.networkError?.message;
}

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');
createRoot(root).render(
  <Provider value={client}>
    <Page />
  </Provider>,
);
