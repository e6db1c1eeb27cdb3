import { Environment, Network, RecordSource, Store } from 'relay-runtime';
import type { RowErrors } from './row-errors.ts';

export function createRelay(url: string, rowErrors: RowErrors): Environment {
  return new Environment({
    network: Network.create(async ({ text }, variables) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: text, variables }),
      });
      const answer = await response.json();
      rowErrors.take(variables, answer.errors);
      return answer;
    }),
    store: new Store(new RecordSource()),
  });
}
