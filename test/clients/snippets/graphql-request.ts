import { GraphQLClient } from 'graphql-request';

export function createRequests(url: string): GraphQLClient {
  // By default both throw where one row fails: `request` gives the data alone, and `rawRequest` the errors beside it.
  return new GraphQLClient(url, { errorPolicy: 'all' });
}
