// Where the gateway is, the page's token, and a stream over either transport. Nothing here knows Apollo or urql.

import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { createTokens, fetchWith } from '../token.ts';
import { connectionEvents, waitToRetry } from './connection.ts';

export type Transport = 'SSE' | 'WebSocket';

export const url: string = import.meta.env.VITE_GATEWAY ?? 'http://127.0.0.1:4000/graphql';

const token = createTokens(async () => {
  const response = await fetch('/invitation-token').catch(() => {
    throw new Error('The backend gave no token: it does not answer.');
  });
  if (!response.ok) throw new Error(`The backend gave no token (${response.status}).`);
  return response.text();
});
const authorization = async () => ({ authorization: `Bearer ${await token()}` });

export const fetchWithToken = fetchWith(token);

/** A gateway that cannot be reached is tried again, however long that takes. */
const forEver = { retryAttempts: Number.POSITIVE_INFINITY, on: connectionEvents };

export const streams = {
  SSE: createSseClient({ url, headers: authorization, retry: waitToRetry, ...forEver }),
  WebSocket: createWsClient({
    url: url.replace('http', 'ws'),
    connectionParams: authorization,
    shouldRetry: () => true,
    retryWait: waitToRetry,
    ...forEver,
  }),
};
