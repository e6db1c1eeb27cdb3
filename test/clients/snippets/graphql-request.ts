import { GraphQLClient } from 'graphql-request';

export function createRequests(url: string): GraphQLClient {
  // `request` would throw where one row fails; `rawRequest` gives data and errors.
  return new GraphQLClient(url, { errorPolicy: 'all' });
}
