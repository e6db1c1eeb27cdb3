import { Client, cacheExchange, fetchExchange } from '@urql/core';

export function createUrql(url: string): Client {
  return new Client({ url, preferGetMethod: false, exchanges: [cacheExchange, fetchExchange] });
}
