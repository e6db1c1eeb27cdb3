// What the refresher reads in the background, and in what order, on a clock that the test sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { smartInviteRef } from '../refs.ts';
import { entryOf, newRefresher, oneASecond, plain } from './refreshing.ts';
import { now, pass, refTo, useClock } from './source.ts';

beforeEach(() => {
  useClock();
});
afterEach(() => vi.useRealTimers());

describe('a wanted invitation', () => {
  test('is read at once where the quota allows it', async () => {
    const { read, want } = newRefresher();
    want('a');
    want('b');
    await pass(0);
    expect(read).toEqual(['a', 'b']);
  });

  test('is read without waiting for the reads of earlier ones', async () => {
    const { read, want, readsTake } = newRefresher();
    readsTake(5_000);
    want('a');
    want('b');
    want('c');
    await pass(0);
    expect(read).toEqual(['a', 'b', 'c']);
  });

  test('waits for the quota, and the oldest one is read first', async () => {
    const { read, want } = await oneASecond();
    want('young', 11_000);
    want('oldest', 50_000);
    want('older', 30_000);
    await pass(3_000);
    expect(read).toEqual(['oldest', 'older', 'young']);
  });

  test('that was never read is older than anything', async () => {
    const { read, want } = await oneASecond();
    want('old', 500_000);
    want('never seen', 0, Number.NEGATIVE_INFINITY);
    await pass(2_000);
    expect(read).toEqual(['never seen', 'old']);
  });

  test('of many callers comes before another of the same age', async () => {
    const { read, want } = await oneASecond();
    want('once');
    for (let n = 0; n < 10; n++) want('often');
    await pass(2_000);
    expect(read).toEqual(['often', 'once']);
  });

  test('of many callers does not delay older ones for ever: all are read within a minute', async () => {
    const { read, want } = await oneASecond();
    const keys = ['loved', ...Array.from({ length: 20 }, (_, n) => `plain-${n}`)];
    for (let ms = 0; ms < 120_000; ms += 100) {
      for (let n = 0; n < 50; n++) want('loved', 20_000);
      if (ms % 5_000 === 0) for (const key of keys.slice(1)) want(key, 20_000);
      await pass(100);
    }
    for (const key of keys) expect(read.slice(0, 60), key).toContain(key);
    const loved = read.filter((key) => key === 'loved').length;
    expect(loved).toBeGreaterThan(read.filter((key) => key === 'plain-0').length);
    expect(loved).toBeLessThan(read.length / 2);
  });

  test('that always fails is tried ever more slowly, however often it is wanted, and delays no other', async () => {
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

  test('that failed once and is unknown comes before any known one', async () => {
    const { read, want, failing } = await oneASecond();
    failing.add('never seen');
    want('never seen', 0, Number.NEGATIVE_INFINITY);
    await pass(1_000);
    failing.clear();
    for (let n = 0; n < 10; n++) want(`seen-${n}`, 500_000);
    await pass(3_000);
    expect(read.slice(0, 3).filter((key) => key === 'never seen')).toHaveLength(2);
  });

  test('and another process reads costs nothing, until that read has brought nothing', async () => {
    const { read, want, inFlight, source } = newRefresher();
    inFlight.add('a');
    want('a', 50_000);
    want('b');
    await pass(3_000);
    expect(read).toEqual(['b']);
    expect(source.quota.status().remaining).toBe(999);
    inFlight.clear();
    await pass(1_000);
    expect(read).toEqual(['b', 'a']);
  });

  test('is dropped when no caller has looked at it for ten minutes', async () => {
    const { read, want, source } = newRefresher();
    source.quota.close(601_000);
    want('left');
    want('looked at');
    await pass(300_000);
    want('looked at');
    await pass(302_000);
    expect(read).toEqual(['looked at']);
  });

  test('is not read after another read has fulfilled the wish', async () => {
    const { read, want, see } = await oneASecond();
    want('a');
    want('b');
    see(refTo('a'), entryOf(refTo('a'), now()));
    await pass(5_000);
    expect(read).toEqual(['b']);
  });
});

test('what is seen while another read begins is read again when that is due, however long the other one takes', async () => {
  const { read, want, see, readsTake } = newRefresher();
  readsTake(600_000);
  want('slow');
  see(refTo('a'), entryOf(refTo('a'), now()), 1);
  await pass(300_000);
  expect(read).toEqual(['slow', 'a']);
});

test('what is not known is wanted of twenty thousand at most, and that leaves all that is known', async () => {
  const { want, refresher, source } = newRefresher();
  source.quota.close(60_000);
  for (let n = 0; n < 20_010; n++) want(`unknown-${n}`, 0, Number.NEGATIVE_INFINITY);
  expect(refresher.wishes.size).toBe(20_000);
  for (let n = 0; n < 10; n++) want(`known-${n}`);
  expect(refresher.wishes.size).toBe(20_010);
});

describe('what one caller wants with extras', () => {
  const board = smartInviteRef('US', 'board', null);
  const begin = async () => {
    const all = await oneASecond();
    return { ...all, wantBoard: (withExtras: boolean) => all.ask({ ref: board, withExtras }, now()) };
  };

  test.each([[[false, true]], [[true, false]]])(
    'is read once, with them, in whatever order the wishes came: %j',
    async (wishes) => {
      const { wantBoard, read, withExtras } = await begin();
      for (const wish of wishes) wantBoard(wish);
      await pass(5_000);
      expect([read, withExtras]).toEqual([['board'], ['board']]);
    },
  );

  test.each([
    { wanted: true, was: false, reads: ['board'] },
    { wanted: true, was: true, reads: [] },
    { wanted: false, was: true, reads: [] },
  ])('is fulfilled only by a read with them: wanted with ($wanted), read with ($was)', async (one) => {
    const { wantBoard, see, read, withExtras } = await begin();
    wantBoard(one.wanted);
    see(board, entryOf(board, now(), undefined, one.was));
    await pass(5_000);
    expect([read, withExtras]).toEqual([one.reads, one.reads]);
  });
});

test('a failed read with extras is repeated with them, though the invitation was wanted without them meanwhile', async () => {
  const { ask, want, failing, inFlight, withExtras, read, readsTake } = newRefresher();
  failing.add('a');
  readsTake(100);
  ask({ ...plain('a'), withExtras: true }, now() - 20_000);
  await pass(50);
  inFlight.add('a');
  want('a');
  await pass(60);
  inFlight.delete('a');
  failing.delete('a');
  await pass(2_000);
  expect(read).toEqual(['a', 'a']);
  expect(withExtras).toEqual(['a', 'a']);
});

test('a refresher that was stopped reads nothing that was wanted before or is wanted after, nor again what fails', async () => {
  const { read, want, refresher, failing, readsTake } = await oneASecond();
  readsTake(100);
  failing.add('failing');
  want('failing', 60_000);
  want('waiting');
  await pass(1_050);
  expect(read).toEqual(['failing']);
  refresher.stop();
  want('late');
  await pass(60_000);
  expect(read).toEqual(['failing']);
  expect(vi.getTimerCount()).toBe(0);
});

test('what waits is told: how much is wanted and due, and for how long the first of it has waited', async () => {
  const { refresher, want } = await oneASecond();
  expect(refresher.waiting()).toEqual({ wanted: 0, count: 0, longestMs: 0, lateMs: 0 });
  want('a');
  want('b');
  want('not due yet', 1_000);
  await pass(400);
  expect(refresher.waiting()).toEqual({ wanted: 3, count: 2, longestMs: 400, lateMs: 400 });
  await pass(60_000);
  expect(refresher.waiting()).toMatchObject({ wanted: 3, count: 0, longestMs: 0 });
});
