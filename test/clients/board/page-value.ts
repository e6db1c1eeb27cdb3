// A value beside the tree of components: what uses it is rendered again when it is set.

import { useSyncExternalStore } from 'react';

export function createPageValue<T>(value: T): { set(next: T): void; use(): T } {
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    set(next) {
      value = next;
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(subscribe, () => value),
  };
}
