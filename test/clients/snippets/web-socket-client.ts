import { type Client, createClient } from 'graphql-ws';

export function createSocketClient(url: string, connectionParams: () => Promise<Record<string, unknown>>): Client {
  return createClient({
    url,
    connectionParams,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    // Spread over a second, and longer each time. By default the first wait is between one and four.
    retryWait: (retries) =>
      new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(1_000 * 2 ** retries, 60_000))),
  });
}
