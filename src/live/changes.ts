// Who is told when an invitation has changed: listeners by the invitation's key. It keeps nothing and waits for nobody.

import type { Snapshot } from '../invitation/invitation.ts';

export type ChangeListener = (key: string, snapshot: Snapshot) => void;

export interface Changes {
  publish(key: string, snapshot: Snapshot): void;
  subscribe(key: string, listener: ChangeListener): void;
  unsubscribe(key: string, listener: ChangeListener): void;
}

export function createChanges(): Changes {
  const listeners = new Map<string, Set<ChangeListener>>();
  return {
    publish(key, snapshot) {
      for (const listener of listeners.get(key) ?? []) listener(key, snapshot);
    },
    subscribe(key, listener) {
      const set = listeners.get(key) ?? new Set();
      listeners.set(key, set.add(listener));
    },
    unsubscribe(key, listener) {
      const set = listeners.get(key);
      set?.delete(listener);
      if (set?.size === 0) listeners.delete(key);
    },
  };
}
