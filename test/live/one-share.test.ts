// A caller with many streams has one share of the quota: what their first states cost counts as its own queries do.

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createRate } from '../../src/access/caller-rate.ts';
import { openViewer } from '../../src/access/viewer.ts';
import { createChanges } from '../../src/live/changes.ts';
import { createStreamPlaces } from '../../src/live/stream-places.ts';
import { createStreams } from '../../src/live/streams.ts';
import { createWatcher } from '../../src/live/watcher.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { createFakeSource, pass, refTo, snapshotsOf, useClock } from '../snapshots/source.ts';

const HOUR = 3_600_000;
const LIMIT = 100;

beforeEach(() => {
  useClock();
  onTestFinished(() => void vi.useRealTimers());
});

test('ten streams of one caller take its share, and leave the others theirs', async () => {
  const source = createFakeSource([{ limit: LIMIT, windowMs: 60_000 }]);
  const changes = createChanges();
  const { snapshots, ask } = snapshotsOf(source, { onChange: changes.publish });
  onTestFinished(snapshots.stop);
  const streams = createStreams({
    snapshots,
    changes,
    watcher: createWatcher({ snapshots, changes, addresses: { onSilent: () => {} } }),
    places: createStreamPlaces({ maxStreams: 100, maxStreamsPerCaller: 10 }),
    rate: createRate(1e9, 1_000),
    lifetimeMs: [HOUR, HOUR],
  });
  const viewer = openViewer('192.0.2.1');
  for (let n = 0; n < 10; n++) {
    void streams.open(
      Array.from({ length: 10 }, (_, m) => refTo(`watched-${n}-${m}`)),
      false,
      viewer,
    );
  }
  onTestFinished(() => streams.stop());
  await pass(10);
  const paidBy = (how: string) => source.reads.filter(({ payment }) => payment === how).length;
  // A burst of two fifths of the window, and the first one that is spread evenly: as one caller has.
  expect(paidBy('spare')).toBe(0.4 * LIMIT + 1);

  // What the streams took is its own: a query of it waits, and those of others go first.
  const own = vi.fn();
  const wish = { withExtras: false, maxAgeMs: null, caller: new Cancellation(), callerId: viewer.id };
  void snapshots.read(refTo('own'), wish).then(own);
  const given = await Promise.all(Array.from({ length: 10 }, (_, n) => ask(refTo(`new-${n}`))));
  expect(given).toEqual(Array(10).fill('SENT 0'));
  await pass(0);
  expect(own).not.toHaveBeenCalled();
  expect(paidBy('caller')).toBe(10);
  await pass(8_000);
  expect(own).toHaveBeenCalledOnce();
});
