// Whether the page is connected to the gateway, as graphql-sse and graphql-ws tell it by the same two events.

import { createPageValue } from './page-value.ts';

const isConnected = createPageValue(false);

export const connectionEvents = {
  connecting: () => isConnected.set(false),
  connected: () => isConnected.set(true),
};

export const useIsConnected = isConnected.use;
