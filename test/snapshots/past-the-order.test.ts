// A read at once for whoever asks for what is older than REVALIDATE_SECONDS is made past the order: only where the order has
// what it needs. Otherwise what hardly changes, and is older therefore, would take the reads from what does.

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { createFakeSource, pass, passUnread, refTo, snapshotsOf, useClock } from './source.ts';

beforeEach(() => {
  useClock();
  onTestFinished(() => void vi.useRealTimers());
});

/** One that was seen 61 s ago, and as many others, all of one account of 20 calls a minute. */
async function start(others: number) {
  const source = createFakeSource([{ limit: 20, windowMs: 60_000 }]);
  const all = snapshotsOf(source);
  onTestFinished(all.snapshots.stop);
  await all.ask(refTo('one'));
  await passUnread(source, 61_000);
  for (let n = 0; n < others; n++) all.snapshots.want(refTo(`other-${n}`));
  // A few are read at once, and the others wait for their turn: reads of the order are spread evenly.
  await pass(0);
  const readOf = () => source.reads.filter(({ ref }) => ref.key === refTo('one').key).length;
  return { ...all, source, readOf };
}

test('is not made while the order waits for quota, though a call is free: the old answer is given', async () => {
  const { ask, source, readOf } = await start(10);
  expect(source.reads.length).toBeLessThan(8);
  expect(source.quota.takeSpare(BACKGROUND)).toBe(0);
  expect(await ask(refTo('one'))).toBe('SENT 61000 stale');
  expect(readOf()).toBe(1);
  // Whoever insists is read for all the same.
  expect(await ask(refTo('one'), { maxAgeMs: 60_000 })).toBe('SENT 0');
  expect(readOf()).toBe(2);
});

test('is made where nothing waits', async () => {
  const { ask, readOf } = await start(1);
  expect(await ask(refTo('one'))).toBe('SENT 0');
  expect(readOf()).toBe(2);
});
