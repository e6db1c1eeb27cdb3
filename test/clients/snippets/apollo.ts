import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { tap } from 'rxjs';
import type { RowErrors } from './row-errors.ts';

export function createApollo(uri: string, rowErrors: RowErrors): ApolloClient {
  const remember = new ApolloLink((operation, forward) =>
    forward(operation).pipe(tap(({ errors }) => rowErrors.take(operation.variables, errors))),
  );
  return new ApolloClient({
    link: remember.concat(new HttpLink({ uri })),
    cache: new InMemoryCache({ possibleTypes: { Invitation: ['ReviewInvitation', 'SmartInvite'] } }),
  });
}

// Without it the promise rejects where one row fails, and the other rows are lost; useQuery takes it likewise.
export const PAGE_OPTIONS = { errorPolicy: 'all' } as const;
