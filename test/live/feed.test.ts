// What one subscriber gets: the newest state of each invitation, and no backlog.

import { expect, test, vi } from 'vitest';
import { createFeed } from '../../src/live/feed.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';

test('a feed gives what was pushed, in the order of the keys, and then waits', async () => {
  const feed = createFeed<string>(() => {});
  feed.push('a', 'a1');
  feed.push('b', 'b1');
  expect(await feed.next()).toEqual({ done: false, value: 'a1' });
  expect(await feed.next()).toEqual({ done: false, value: 'b1' });
  const waiting = feed.next();
  feed.push('c', 'c1');
  expect(await waiting).toEqual({ done: false, value: 'c1' });
});

test('a slow reader gets the newest state of each key, and none of the states between', async () => {
  const feed = createFeed<string>(() => {});
  for (let n = 0; n < 1_000; n++) for (const key of ['a', 'b']) feed.push(key, `${key}${n}`);
  feed.complete();
  const given = [];
  for await (const value of feed) given.push(value);
  expect(given).toEqual(['a999', 'b999']);
});

test('each state that a newer one replaced is told as skipped, and each that was given as an event', async () => {
  const metrics = createMetrics(['PARTOO']);
  const feed = createFeed<number>(() => {}, { event: () => metrics.event?.(), skipped: () => metrics.skipped?.() });
  for (let n = 0; n < 10; n++) feed.push('a', n);
  feed.push('b', 0);
  feed.complete();
  for await (const _ of feed);
  const lines = metrics.families.flatMap((family) => [...family.lines()]);
  expect(lines).toContain('gateway_stream_skipped_total 9');
  expect(lines).toContain('gateway_stream_events_total 2');
});

test('a key that was given may be pushed again', async () => {
  const feed = createFeed<number>(() => {});
  feed.push('a', 1);
  expect(await feed.next()).toEqual({ done: false, value: 1 });
  feed.push('a', 2);
  expect(await feed.next()).toEqual({ done: false, value: 2 });
});

test('complete ends a feed after everything pushed before it, and further pushes are ignored', async () => {
  const onEnd = vi.fn();
  const feed = createFeed<number>(onEnd);
  feed.push('a', 1);
  feed.complete();
  feed.push('a', 2);
  feed.push('b', 3);
  expect(onEnd).not.toHaveBeenCalled();
  expect(await feed.next()).toEqual({ done: false, value: 1 });
  expect(await feed.next()).toEqual({ done: true, value: undefined });
  expect(await feed.next()).toEqual({ done: true, value: undefined });
  feed.complete();
  expect(onEnd).toHaveBeenCalledTimes(1);
});

test('complete releases a waiting reader', async () => {
  const onEnd = vi.fn();
  const feed = createFeed<number>(onEnd);
  const waiting = feed.next();
  feed.complete();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(onEnd).toHaveBeenCalledTimes(1);
});

test('return releases a waiting reader, and discards what was not read', async () => {
  const onEnd = vi.fn();
  const feed = createFeed<number>(onEnd);
  const waiting = feed.next();
  expect(await feed.return?.()).toEqual({ done: true, value: undefined });
  expect(await waiting).toEqual({ done: true, value: undefined });
  feed.push('a', 1);
  expect(await feed.next()).toEqual({ done: true, value: undefined });
  await feed.return?.();
  expect(onEnd).toHaveBeenCalledTimes(1);
});

test('return discards what was pushed and not read', async () => {
  const feed = createFeed<number>(() => {});
  feed.push('a', 1);
  await feed.return?.();
  expect(await feed.next()).toEqual({ done: true, value: undefined });
});

test('a replaced state is not kept in memory', async () => {
  const feed = createFeed<object>(() => {});
  const replaced: WeakRef<object>[] = [];
  for (let n = 0; n < 100; n++) {
    const value = { n };
    if (n < 99) replaced.push(new WeakRef(value));
    feed.push('a', value);
  }
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  await vi.waitUntil(() => {
    collect();
    return replaced.every((each) => each.deref() === undefined);
  });
  expect(await feed.next()).toEqual({ done: false, value: { n: 99 } });
});
