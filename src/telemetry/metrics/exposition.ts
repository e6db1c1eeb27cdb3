// Everything that is collected, as text in slices: the process goes on with its callers between two of them, however many
// tenants are in use.

import { setImmediate as breathe } from 'node:timers/promises';
import type { Family } from './family.ts';

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** So many lines take about a millisecond. */
const SLICE_LINES = 250;

/** @param process The lines about the process itself, a metric each. */
export async function* exposition(
  families: readonly Family[],
  process: Iterable<Promise<string>>,
): AsyncGenerator<string, void> {
  let slice = '';
  let lines = 0;
  for (const family of families) {
    for (const line of family.lines()) {
      slice += `${line}\n`;
      lines += 1;
      if (lines < SLICE_LINES) continue;
      yield slice;
      await breathe();
      slice = '';
      lines = 0;
    }
  }
  yield slice;
  for (const metric of process) {
    await breathe();
    yield `${await metric}\n`;
  }
}
