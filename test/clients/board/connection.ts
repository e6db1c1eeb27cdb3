// Whether the page is connected to the gateway, as graphql-sse and graphql-ws tell it by the same two events.

import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let isConnected = false;

function set(value: boolean): void {
  isConnected = value;
  for (const listener of listeners) listener();
}

export const connection = {
  on: { connecting: () => set(false), connected: () => set(true) },
  isConnected: () => isConnected,
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export const useIsConnected = () => useSyncExternalStore(connection.subscribe, connection.isConnected);
