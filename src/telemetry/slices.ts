// Work on many things, some of them in each turn of the loop: the process goes on with its callers in between.

import { setImmediate as breathe } from 'node:timers/promises';

/** @param perTurn How many of them take about a millisecond. */
export async function inSlices<T>(items: Iterable<T>, perTurn: number, work: (item: T) => void): Promise<void> {
  let left = perTurn;
  for (const item of items) {
    if (left === 0) {
      await breathe();
      left = perTurn;
    }
    work(item);
    left -= 1;
  }
}
