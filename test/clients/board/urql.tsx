// The same with urql and its normalized cache: one query and one subscription a page, and the cache feeds the rows.

import { cacheExchange } from '@urql/exchange-graphcache';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Client, fetchExchange, Provider, subscriptionExchange, useQuery, useSubscription } from 'urql';
import { subscribeAnew } from '../subscribe-anew.ts';
import { fetchWithToken, streams, type Transport, url } from './gateway.ts';
import { graphql } from './generated/gql.ts';
import schema from './generated/introspection.json' with { type: 'json' };
import { REFS } from './refs.ts';
import { problemsIn } from './slots.ts';
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

/** `?transport=WebSocket` in the page's address chooses it. */
const transport: Transport = location.search.endsWith('=WebSocket') ? 'WebSocket' : 'SSE';

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
          unsubscribe: subscribeAnew(streams[transport], { query, variables: { refs: [], ...variables } }, sink),
        }),
      }),
    }),
    fetchExchange,
  ],
});

function Page() {
  const variables = { refs: REFS };
  const [{ data, error }] = useQuery({ query: PAGE, variables });
  const [{ error: missed }] = useSubscription({ query: CHANGES, variables });

  // An error is told once: the result that the cache makes of the next event has none.
  const [problems, setProblems] = useState(problemsIn());
  useEffect(() => {
    const told = [...(error?.graphQLErrors ?? []), ...(missed?.graphQLErrors ?? [])];
    setProblems((known) => new Map([...known, ...problemsIn(told)]));
  }, [error, missed]);

  return (
    <main>
      <h1>Invitations</h1>
      {error?.networkError && <p className="problem">{error.networkError.message}</p>}
      <ul>
        {REFS.map((ref, n) => (
          <li key={nameOf(ref)}>
            {nameOf(ref)}: {data?.invitations[n]?.status.toLowerCase() ?? problems.get(n) ?? 'none'}
          </li>
        ))}
      </ul>
    </main>
  );
}

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');
createRoot(root).render(
  <Provider value={client}>
    <Page />
  </Provider>,
);
