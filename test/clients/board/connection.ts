// How the page is connected to the gateway, as graphql-sse and graphql-ws tell it by the same events, and when they try
// again: for ever, and ever more seldom.

import { createPageValue } from './page-value.ts';

export type Connection = 'connecting' | 'connected' | { readonly retryAt: string };

const LONGEST_WAIT_MS = 30_000;

const connection = createPageValue<Connection>('connecting');

export const connectionEvents = {
  connecting: (isRetry: boolean) => isRetry || connection.set('connecting'),
  connected: () => connection.set('connected'),
};

/** @param retries How many have failed already. None: a stream may also end because it has to begin anew. */
export async function waitToRetry(retries: number): Promise<void> {
  // Each page at a moment of its own: all of them have lost the gateway at once.
  const waitMs = Math.min(1_000 * 2 ** retries, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
  connection.set(retries === 0 ? 'connecting' : { retryAt: new Date(Date.now() + waitMs).toISOString() });
  await new Promise((resolve) => setTimeout(resolve, waitMs));
}

export const useConnection = connection.use;
