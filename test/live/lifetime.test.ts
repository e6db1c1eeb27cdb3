// How a stream begins and ends by itself, on a clock that the test sets.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openViewer } from '../../src/access/viewer.ts';
import { createChanges } from '../../src/live/changes.ts';
import { createStreamPlaces } from '../../src/live/stream-places.ts';
import { createStreams } from '../../src/live/streams.ts';
import { createWatcher } from '../../src/live/watcher.ts';
import { boundless } from '../rates.ts';
import { createFakeSource, pass, refTo, snapshotsOf } from '../snapshots/source.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const MINUTE = 60_000;

function start() {
  const source = createFakeSource();
  const changes = createChanges();
  const { snapshots } = snapshotsOf(source, { onChange: changes.publish });
  const watcher = createWatcher({ snapshots, changes, addresses: { isNotified: () => false, onSilent: () => {} } });
  const places = createStreamPlaces({ maxStreams: 10, maxStreamsPerCaller: 10 });
  const lifetimeMs = [15 * MINUTE, 30 * MINUTE] as const;
  const streams = createStreams({ snapshots, changes, watcher, places, rate: boundless(), lifetimeMs });
  return {
    source,
    streams,
    watcher,
    /** Reads one to its end. @returns what it gave, and when it was over. */
    follow(ids: readonly string[], callerId = 'one') {
      const startedAt = performance.now();
      const followed = { events: 0, endedAfterMs: Number.NaN };
      const feed = streams.open(ids.map(refTo), false, openViewer(callerId));
      void (async () => {
        for await (const _ of feed) followed.events += 1;
        followed.endedAfterMs = performance.now() - startedAt;
      })();
      return followed;
    },
  };
}

test('a stream completes at a random moment after fifteen to thirty minutes, and frees its places', async () => {
  const { follow, watcher } = start();
  const followed = Array.from({ length: 10 }, () => follow(['one']));
  expect(() => follow(['one'])).toThrow('subscriptions');
  await pass(15 * MINUTE - 1);
  expect(followed.every(({ endedAfterMs }) => Number.isNaN(endedAfterMs))).toBe(true);
  await pass(15 * MINUTE + 1);
  const ends = followed.map(({ endedAfterMs }) => endedAfterMs);
  expect(Math.min(...ends)).toBeGreaterThanOrEqual(15 * MINUTE);
  expect(Math.max(...ends)).toBeLessThanOrEqual(30 * MINUTE);
  expect(new Set(ends).size).toBeGreaterThan(5);
  expect(watcher.find(() => true)).toEqual([]);
  follow(['one']);
});

test('an invitation that the refs name twice gives one event', async () => {
  const { follow, source } = start();
  const followed = follow(['one', 'two', 'one']);
  await pass(100);
  expect(followed.events).toBe(2);
  expect(source.reads).toHaveLength(2);
});

test('a stream that is opened after the gateway has stopped completes at once, and watches nothing', async () => {
  const { follow, streams, watcher, source } = start();
  const before = follow(['one']);
  await pass(100);
  streams.stop();
  const after = follow(['two']);
  await pass(0);
  expect([before.endedAfterMs, after.endedAfterMs]).toEqual([100, 0]);
  expect([before.events, after.events]).toEqual([1, 0]);
  expect(watcher.find(() => true)).toEqual([]);
  expect(source.reads).toHaveLength(1);
});
