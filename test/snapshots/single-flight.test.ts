// What a read that has ended keeps. A map's replaced tables may live on in V8's old generation, with the reads that were in them.

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createSingleFlight, type Read } from '../../src/snapshots/single-flight.ts';
import { type CancelListener, Cancellation } from '../../src/upstream/cancellation.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Shows what listens to it: the read that is shared. */
class Watched extends Cancellation {
  readonly listeners: CancelListener[] = [];

  override add(listener: CancelListener): void {
    this.listeners.push(listener);
    super.add(listener);
  }
}

// Made here: an error keeps the objects whose methods were running when it was made.
const FAILED = new Error('failed');

function newRead(start: Read['start']): Read {
  return {
    payer: undefined,
    others: [],
    start,
    succeeded: () => null,
    failed: () => undefined,
    joinedBy: () => undefined,
  };
}

test.each<[string, Read['start']]>([
  ['answered', async () => null],
  ['failed', () => Promise.reject(FAILED)],
])('a shared read that has %s keeps neither what was read nor for whom', async (_, start) => {
  const flight = createSingleFlight(() => performance.now());
  const shared: CancelListener[] = [];
  const share = async () => {
    const read = newRead(start);
    const caller = new Watched();
    await flight.share('key', caller, Number.NEGATIVE_INFINITY, read).catch(() => undefined);
    shared.push(...caller.listeners);
    return [new WeakRef<object>(read), new WeakRef<object>(caller)];
  };
  const kept = await share();
  // What a weak reference was made of lives until the end of the turn, and what one collection frees may have kept more.
  for (let n = 0; n < 4; n++) {
    await setImmediate();
    collect();
  }
  expect(shared).toHaveLength(1);
  expect(kept.map((each) => each.deref())).toEqual([undefined, undefined]);
});
