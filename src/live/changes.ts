// Who is told when an invitation has changed: listeners by the invitation's key. It keeps nothing and waits for nobody.

import type { Snapshot } from '../invitation/invitation.ts';
import { keyOf, type Ref } from '../invitation/ref.ts';

export type ChangeListener = (snapshot: Snapshot) => void;

export interface Changes {
  publish(ref: Ref, snapshot: Snapshot): void;
  /** @returns a function that ends it. */
  subscribe(ref: Ref, listener: ChangeListener): () => void;
}

export function createChanges(): Changes {
  const listeners = new Map<string, Set<ChangeListener>>();
  return {
    publish(ref, snapshot) {
      for (const listener of listeners.get(keyOf(ref)) ?? []) listener(snapshot);
    },
    subscribe(ref, listener) {
      const key = keyOf(ref);
      const set = listeners.get(key) ?? new Set();
      listeners.set(key, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && listeners.get(key) === set) listeners.delete(key);
      };
    },
  };
}
