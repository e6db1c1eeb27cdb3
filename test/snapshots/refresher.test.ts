// What is read again behind the callers' backs, in what order and how often, on a clock that the test sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ref } from '../../src/invitation/ref.ts';
import { createRefresher, type Refresher } from '../../src/snapshots/refresher.ts';
import type { QuotaWindow } from '../../src/upstream/quota.ts';
import { createFakeSource, type FakeSource, now, pass, refTo, useClock } from './source.ts';

beforeEach(() => {
  useClock();
});
afterEach(() => vi.useRealTimers());

function newRefresher(
  windows: readonly QuotaWindow[] = [{ limit: 1_000, windowMs: 60_000 }],
  claim?: (ref: Ref) => Promise<boolean>,
) {
  const source: FakeSource = createFakeSource(windows);
  const read: string[] = [];
  const times: number[] = [];
  let reading = async (): Promise<void> => {};
  const failing = new Set<string>();
  const underWay = new Set<string>();
  const refresher: Refresher = createRefresher(source.upstream, {
    async read(key) {
      read.push(key);
      times.push(now());
      await reading();
      return source.circuit === 'CLOSED' && !failing.has(key);
    },
    isUnderWay: (key) => underWay.has(key),
    ...(claim === undefined ? {} : { claim }),
    now,
  });
  return {
    source,
    refresher,
    read,
    failing,
    underWay,
    times,
    want: (key: string, ageMs = 20_000, seenAt = now() - ageMs) =>
      refresher.want(key, { ref: refTo(key), withIcalendar: false, seenAt }),
    readsTake: (ms: number) => {
      reading = () => new Promise((resolve) => setTimeout(resolve, ms));
    },
  };
}

test('many that are wanted at once are read in a small burst and then evenly, not in a burst a window', async () => {
  const { want, times } = newRefresher([{ limit: 100, windowMs: 60_000 }]);
  for (let n = 0; n < 500; n++) want(`id-${n}`);
  await pass(0);
  // A fifth of the window's limit; background work may make ninety calls a minute.
  expect(times).toHaveLength(20);
  const keepWanting = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10_000) {
      for (let n = 0; n < 500; n++) want(`id-${n}`);
      await pass(10_000);
    }
  };
  // The burst is part of the first minute's calls; from then on every half a minute has as many as the other.
  await keepWanting(60_000);
  for (let half = 0; half < 6; half++) {
    const before = times.length;
    await keepWanting(30_000);
    expect(times.length - before).toBeGreaterThanOrEqual(43);
    expect(times.length - before).toBeLessThanOrEqual(47);
  }
});

describe('what another process reads', () => {
  test('is left to it, costs no quota, and does not keep the rest from being read', async () => {
    const { source, want, read } = newRefresher(undefined, async ({ key }) => key !== refTo('theirs').key);
    want('theirs', 60_000);
    want('ours');
    await pass(1_900);
    expect(read).toEqual(['ours']);
    expect(source.quota.status().remaining).toBe(999);
  });

  test('is read here where it was not told of after two seconds', async () => {
    let isTheirs = true;
    const { want, read } = newRefresher(undefined, async () => !isTheirs);
    want('a');
    await pass(500);
    isTheirs = false;
    await pass(1_400);
    expect(read).toEqual([]);
    await pass(1_200);
    expect(read).toEqual(['a']);
  });

  test('and has told of meanwhile, is not read here', async () => {
    const { promise: claimed, resolve } = Promise.withResolvers<boolean>();
    const { refresher, want, read } = newRefresher(undefined, () => claimed);
    want('a');
    refresher.forget('a', now());
    resolve(true);
    await pass(5_000);
    expect(read).toEqual([]);
  });
});

/** One read a second, the first of which is used up: what is wanted in between has to wait. */
async function oneASecond() {
  const all = newRefresher([{ limit: 1, windowMs: 1_000 }]);
  all.source.quota.takeInBackground();
  return all;
}

describe('what is wanted', () => {
  test('is read at once where the quota allows it', async () => {
    const { read, want } = newRefresher();
    want('a');
    want('b');
    await pass(0);
    expect(read).toEqual(['a', 'b']);
  });

  test('does not wait for what was wanted before it to be read', async () => {
    const { read, want, readsTake } = newRefresher();
    readsTake(5_000);
    want('a');
    want('b');
    want('c');
    await pass(0);
    expect(read).toEqual(['a', 'b', 'c']);
  });

  test('waits for the quota, and the oldest is read first', async () => {
    const { read, want } = await oneASecond();
    want('young', 11_000);
    want('oldest', 50_000);
    want('older', 30_000);
    await pass(3_000);
    expect(read).toEqual(['oldest', 'older', 'young']);
  });

  test('that nobody has an answer of is older than anything', async () => {
    const { read, want } = await oneASecond();
    want('old', 500_000);
    want('never seen', 0, Number.NEGATIVE_INFINITY);
    await pass(2_000);
    expect(read).toEqual(['never seen', 'old']);
  });

  test('by many comes before what is as old', async () => {
    const { read, want } = await oneASecond();
    want('once');
    for (let n = 0; n < 10; n++) want('often');
    await pass(2_000);
    expect(read).toEqual(['often', 'once']);
  });

  test('by many does not keep what is older waiting for ever: in a minute everything comes round', async () => {
    const { read, want } = await oneASecond();
    const last = new Map<string, number>();
    const keys = ['loved', ...Array.from({ length: 20 }, (_, n) => `plain-${n}`)];
    for (const key of keys) last.set(key, -20_000);
    let seen = 0;
    for (let ms = 0; ms < 120_000; ms += 100) {
      for (const key of read.slice(seen)) last.set(key, now());
      seen = read.length;
      for (let n = 0; n < 50; n++) want('loved', 0, last.get('loved') ?? 0);
      if (ms % 5_000 === 0) for (const key of keys.slice(1)) want(key, 0, last.get(key) ?? 0);
      await pass(100);
    }
    for (const key of keys) expect(read.slice(0, 60), key).toContain(key);
    const loved = read.filter((key) => key === 'loved').length;
    expect(loved).toBeGreaterThan(read.filter((key) => key === 'plain-0').length);
    expect(loved).toBeLessThan(read.length / 2);
  });

  test('and always fails is tried again ever more slowly, however often it is asked for, and keeps nothing waiting', async () => {
    const { read, want, failing, refresher } = await oneASecond();
    failing.add('bad');
    for (let second = 0; second < 240; second++) {
      want('bad', 50_000);
      if (second === 0) for (const key of ['a', 'b', 'c']) want(key);
      await pass(1_000);
      if (second > 5) expect(refresher.isBehind()).toBe(false);
    }
    expect(read.slice(0, 6)).toEqual(expect.arrayContaining(['a', 'b', 'c']));
    // After 1, 2, 4, 8, 16, 32, 60, 60 … seconds.
    const tries = read.filter((key) => key === 'bad').length;
    expect(tries).toBeGreaterThanOrEqual(8);
    expect(tries).toBeLessThanOrEqual(10);
  });

  test('that failed once and was never seen comes before anything that was', async () => {
    const { read, want, failing } = await oneASecond();
    failing.add('never seen');
    want('never seen', 0, Number.NEGATIVE_INFINITY);
    await pass(1_000);
    failing.clear();
    for (let n = 0; n < 10; n++) want(`seen-${n}`, 500_000);
    await pass(3_000);
    expect(read.slice(0, 3).filter((key) => key === 'never seen')).toHaveLength(2);
  });

  test('and somebody else reads already costs nothing, until that has come to nothing', async () => {
    const { read, want, underWay, source } = newRefresher();
    underWay.add('a');
    want('a', 50_000);
    want('b');
    await pass(3_000);
    expect(read).toEqual(['b']);
    expect(source.quota.status().remaining).toBe(999);
    underWay.clear();
    await pass(1_000);
    expect(read).toEqual(['b', 'a']);
  });

  test('is dropped when nobody has repeated it for a minute', async () => {
    const { read, want, source } = newRefresher();
    source.quota.close(61_000);
    want('left');
    want('watched');
    await pass(30_000);
    want('watched');
    await pass(40_000);
    expect(read).toEqual(['watched']);
  });

  test('and fulfilled otherwise is not read', async () => {
    const { read, want, refresher } = await oneASecond();
    want('a');
    want('b');
    refresher.forget('a', now());
    await pass(5_000);
    expect(read).toEqual(['b']);
  });
});

describe('background reads', () => {
  test('keep to nine tenths of the quota', async () => {
    const { read, want, times } = newRefresher([{ limit: 10, windowMs: 10_000 }]);
    for (let n = 0; n < 30; n++) want(`${n}`);
    await pass(9_999);
    expect(read).toHaveLength(9);
    await pass(10_000);
    expect(times).toHaveLength(18);
  });

  test('wait while a queue stands before the provider', async () => {
    const { read, want, source } = newRefresher();
    source.hasRoom = false;
    want('a');
    await pass(10_000);
    expect(read).toEqual([]);
    source.hasRoom = true;
    await pass(1_000);
    expect(read).toEqual(['a']);
  });

  test('go on when the quota was closed by a 429 and opens again', async () => {
    const { read, want, source } = newRefresher();
    source.quota.close(30_000);
    want('a');
    await pass(29_999);
    expect(read).toEqual([]);
    await pass(1);
    expect(read).toEqual(['a']);
  });
});

describe('while the breaker is not closed', () => {
  test('one read a second is tried, and no two at once', async () => {
    const { read, want, times, source, readsTake } = newRefresher();
    source.circuit = 'OPEN';
    for (let n = 0; n < 100; n++) want(`${n}`, 100_000 - n);
    await pass(10_000);
    expect(times.map((at) => Math.round((at - (times[0] ?? 0)) / 1_000))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    readsTake(5_000);
    const before = read.length;
    await pass(11_500);
    expect(read.length - before).toBe(2);
  });

  test('they take turns, and none is paid for that the breaker may refuse', async () => {
    const { read, want, source } = newRefresher();
    source.circuit = 'OPEN';
    for (const key of ['a', 'b', 'c']) want(key, 500_000, Number.NEGATIVE_INFINITY);
    await pass(5_000);
    expect(read).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(source.quota.status().remaining).toBe(1_000);
  });

  test('what is wanted again meanwhile does not make it more', async () => {
    const { read, want, source } = newRefresher();
    source.circuit = 'OPEN';
    for (let ms = 0; ms < 10_000; ms += 100) {
      want('a');
      want('b');
      await pass(100);
    }
    expect(read.length).toBeLessThanOrEqual(11);
    expect(read.length).toBeGreaterThanOrEqual(10);
  });

  test('and everything goes on when it closes', async () => {
    const { read, want, source } = newRefresher();
    source.circuit = 'OPEN';
    for (let n = 0; n < 20; n++) want(`${n}`);
    await pass(5_000);
    source.circuit = 'CLOSED';
    await pass(1_000);
    // Those that were tried while it was open are read again.
    expect(new Set(read.slice(-20)).size).toBe(20);
  });
});
