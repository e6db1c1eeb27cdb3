// How often the refresher reads in the background: as the quota, other processes and the breaker allow, on a clock that
// the test sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseQuota, withMargin } from '../../src/upstream/quota-window.ts';
import { entryOf, newRefresher } from './refreshing.ts';
import { now, pass, refTo, useClock } from './source.ts';

beforeEach(() => {
  useClock();
});
afterEach(() => vi.useRealTimers());

test('many invitations that are wanted at once are read in a small burst and then evenly, not in a burst for each window', async () => {
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

test.each([
  ['270/60s', 257, 270],
  ['45/1s,450/60s', 429, 450],
])(
  'of the quota %s at least %i calls a minute are used where that many are wanted, and never more than its limit',
  async (setting, least, limit) => {
    const { want, times } = newRefresher(withMargin(parseQuota(setting) ?? []));
    for (let minute = 0; minute < 8; minute++) {
      for (let n = 0; n < 5_000; n++) want(`id-${n}`);
      await pass(60_000);
    }
    const steady = times.filter((at) => at > now() - 300_000);
    expect(steady.length / 5).toBeGreaterThanOrEqual(least);
    for (const [n, at] of times.entries())
      expect((times[n + limit] ?? Number.POSITIVE_INFINITY) - at).toBeGreaterThan(60_000);
  },
);

describe('an invitation that another process reads', () => {
  test('is left to that process, costs no quota, and does not delay other reads', async () => {
    const { source, want, read } = newRefresher(undefined, { claim: async ({ key }) => key !== refTo('theirs').key });
    want('theirs', 60_000);
    want('ours');
    await pass(1_900);
    expect(read).toEqual(['ours']);
    expect(source.quota.status().remaining).toBe(999);
  });

  test('is read here where no answer was shared within two seconds', async () => {
    let isTheirs = true;
    const { want, read } = newRefresher(undefined, { claim: async () => !isTheirs });
    want('a');
    await pass(500);
    isTheirs = false;
    await pass(1_400);
    expect(read).toEqual([]);
    await pass(1_200);
    expect(read).toEqual(['a']);
  });

  test('is not read here where its answer has been shared meanwhile', async () => {
    const { promise: claimed, resolve } = Promise.withResolvers<boolean>();
    const { see, want, read } = newRefresher(undefined, { claim: () => claimed });
    want('a');
    see(refTo('a'), entryOf(refTo('a'), now()));
    resolve(true);
    await pass(5_000);
    expect(read).toEqual([]);
  });
});

describe('background reads', () => {
  test('use nine tenths of the quota at most', async () => {
    const { read, want, times } = newRefresher([{ limit: 10, windowMs: 10_000 }]);
    for (let n = 0; n < 30; n++) want(`${n}`);
    await pass(9_999);
    expect(read).toHaveLength(9);
    await pass(10_000);
    expect(times).toHaveLength(18);
  });

  test('wait while calls queue at the provider', async () => {
    const { read, want, source } = newRefresher();
    source.hasRoom = false;
    want('a');
    await pass(10_000);
    expect(read).toEqual([]);
    source.hasRoom = true;
    await pass(1_000);
    expect(read).toEqual(['a']);
  });

  test('continue when the quota opens again after a 429', async () => {
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
  test('one read a second is tried, and no two at the same time', async () => {
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

  test('the wanted invitations take turns, and no read takes quota that the breaker may refuse', async () => {
    const { read, want, source } = newRefresher();
    source.circuit = 'OPEN';
    for (const key of ['a', 'b', 'c']) want(key, 500_000, Number.NEGATIVE_INFINITY);
    await pass(5_000);
    expect(read).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(source.quota.status().remaining).toBe(1_000);
  });

  test('repeated wishes cause no additional reads', async () => {
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

  test('all reads continue when it closes', async () => {
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
