// Counts what may happen with every call, and says so now and then: the first time at once, then once a minute at most, and
// only where it has happened since.

const EVERY_MS = 60_000;

/** @param tell Given how often it has happened since it was last told, and ever. @returns what counts. */
export function createTally(tell: (count: number, total: number) => void): (times?: number) => void {
  let [count, total] = [0, 0];
  let isQuiet = false;

  function say(): void {
    isQuiet = count > 0;
    if (!isQuiet) return;
    tell(count, total);
    count = 0;
    setTimeout(say, EVERY_MS).unref();
  }

  return (times = 1) => {
    count += times;
    total += times;
    if (!isQuiet) say();
  };
}
