// Publish and subscribe: who is told when what is known of an invitation has changed. It keeps nothing, and
// waits for no subscriber.

import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { News } from '../snapshots/sight.ts';

export type ChangeListener = (key: string, snapshot: Snapshot) => void;

/** @param seenAt When it was seen, on the clock that never goes back. */
export type EveryChangeListener = (ref: Ref, snapshot: Snapshot, news: News, seenAt: number) => void;

export interface Changes {
  publish(...change: Parameters<EveryChangeListener>): void;
  /** To one invitation's changes, by its key. */
  subscribe(key: string, listener: ChangeListener): void;
  unsubscribe(key: string, listener: ChangeListener): void;
  /** To every invitation's changes, after those who subscribed to it. */
  subscribeToAll(listener: EveryChangeListener): void;
}

export function createChanges(): Changes {
  const listeners = new Map<string, Set<ChangeListener>>();
  const listenersToAll: EveryChangeListener[] = [];
  return {
    publish(ref, snapshot, news, seenAt) {
      for (const listener of listeners.get(ref.key) ?? []) listener(ref.key, snapshot);
      for (const listener of listenersToAll) listener(ref, snapshot, news, seenAt);
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
    subscribeToAll(listener) {
      listenersToAll.push(listener);
    },
  };
}
