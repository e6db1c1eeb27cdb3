// What one subscriber gets: the newest state of each invitation that it has not been given yet. A slow reader finds the
// newest state and none of those between; a reader that does not read at all costs one state an invitation, and no more.
// (A generator that waits is not released when its reader leaves, and a buffer of events grows or overflows.)

export interface Feed<T> extends AsyncIterableIterator<T, undefined> {
  /** Replaces what was not given yet under the same key. */
  push(key: string, value: T): void;
  /** Ends it when everything pushed so far was given. */
  complete(): void;
}

/** Hears of what feeds give. */
export interface FeedListener {
  /** A reader was given a state. */
  event(): void;
  /** A state was replaced by a newer one before its reader took it. */
  skipped(): void;
}

/** @param onEnd Called once, when it is complete or its reader has left. */
export function createFeed<T>(onEnd: () => void, listener?: FeedListener): Feed<T> {
  const pending = new Map<string, T>();
  let reader: ((result: IteratorResult<T, undefined>) => void) | undefined;
  let state: 'open' | 'completing' | 'ended' = 'open';

  function end(): IteratorReturnResult<undefined> {
    if (state !== 'ended') {
      state = 'ended';
      pending.clear();
      onEnd();
    }
    return { done: true, value: undefined };
  }

  function take(): IteratorResult<T, undefined> | undefined {
    for (const [key, value] of pending) {
      pending.delete(key);
      listener?.event();
      return { done: false, value };
    }
    return state === 'open' ? undefined : end();
  }

  function wake(): void {
    if (reader === undefined) return;
    const result = take();
    if (result === undefined) return;
    reader(result);
    reader = undefined;
  }

  return {
    push(key, value) {
      if (state !== 'open') return;
      if (listener !== undefined && pending.has(key)) listener.skipped();
      pending.set(key, value);
      wake();
    },
    complete() {
      if (state === 'open') state = 'completing';
      wake();
    },
    next() {
      const result = take();
      if (result !== undefined) return Promise.resolve(result);
      return new Promise((resolve) => {
        reader = resolve;
      });
    },
    return() {
      const result = end();
      reader?.(result);
      reader = undefined;
      return Promise.resolve(result);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
