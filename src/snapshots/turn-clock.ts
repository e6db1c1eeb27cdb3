// One moment for everything that is asked and begun in one go. Nothing can have happened between two lines of code that
// run without a pause, so that a read begun by the first answers a question put by the second.

/** @param now Milliseconds of a clock that never goes back. */
export function createTurnClock(now: () => number): () => number {
  let at: number | undefined;
  const end = () => {
    at = undefined;
  };
  return () => {
    if (at === undefined) {
      at = now();
      queueMicrotask(end);
    }
    return at;
  };
}
