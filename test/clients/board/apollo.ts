// The page's Apollo Client: queries over HTTP, subscriptions over the transport that their context names, one token for all.

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, Observable } from '@apollo/client';
import { type GraphQLFormattedError, print } from 'graphql';
import { subscribeAnew } from '../subscribe-anew.ts';
import { fetchWithToken, streams, type Transport, url } from './gateway.ts';
import possibleTypes from './generated/possible-types.ts';

declare module '@apollo/client' {
  interface DefaultContext {
    transport?: Transport;
  }
}

const live = new ApolloLink(({ query, variables, getContext }) => {
  const { transport = 'SSE' } = getContext();
  const request = { query: print(query), variables: { refs: [], ...variables } };
  return new Observable((sink) =>
    subscribeAnew(streams[transport], request, {
      next: (event) => sink.next(event),
      // graphql-ws gives what the gateway refused as a list.
      error: (error) => sink.error(Array.isArray(error) ? new CombinedGraphQLErrors({ errors: error }) : error),
      complete: () => sink.complete(),
    }),
  );
});

export const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === 'subscription',
    live,
    new HttpLink({ uri: url, fetch: fetchWithToken }),
  ),
  cache: new InMemoryCache(possibleTypes),
});

/** What the gateway told of an operation; nothing where the operation did not reach it. */
export function errorsIn(error: unknown): readonly GraphQLFormattedError[] {
  return CombinedGraphQLErrors.is(error) ? error.errors : [];
}
