// Deadlines of one length on one timer, on a clock that the test sets.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Deadline, Deadlines } from '../../src/upstream/deadlines.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

function newDeadlines() {
  const deadlines = new Deadlines(1_000);
  const expired: [name: string, atMs: number][] = [];
  const startedAt = performance.now();
  const set = (name: string, then = () => {}): Deadline =>
    deadlines.set({
      expired() {
        expired.push([name, performance.now() - startedAt]);
        then();
      },
    });
  return { set, expired };
}

test('each deadline expires once, after its own time', () => {
  const { set, expired } = newDeadlines();
  set('a');
  vi.advanceTimersByTime(300);
  set('b');
  vi.advanceTimersByTime(600);
  set('c');
  vi.advanceTimersByTime(10_000);
  expect(expired).toEqual([
    ['a', 1_000],
    ['b', 1_300],
    ['c', 1_900],
  ]);
});

test.each([
  ['the first', 0, 'bc'],
  ['the one between', 1, 'ac'],
  ['the last', 2, 'ab'],
])('%s of three deadlines is cleared, and the others expire', (_, n, left) => {
  const { set, expired } = newDeadlines();
  const all = ['a', 'b', 'c'].map((name) => set(name));
  all[n]?.clear();
  all[n]?.clear();
  vi.advanceTimersByTime(1_000);
  expect(expired.map(([name]) => name).join('')).toBe(left);
});

test('a hundred deadlines that are set and cleared share one timer, and none remains after the last time', () => {
  const { set, expired } = newDeadlines();
  for (let n = 0; n < 100; n++) set(String(n)).clear();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect([expired, vi.getTimerCount()]).toEqual([[], 0]);
  set('next');
  vi.advanceTimersByTime(1_000);
  expect(expired).toEqual([['next', 2_000]]);
});

test('the owner of an expired deadline may clear another one, and set a new one', () => {
  const { set, expired } = newDeadlines();
  let second: Deadline | undefined;
  set('first', () => {
    second?.clear();
    set('third');
  });
  second = set('second');
  vi.advanceTimersByTime(5_000);
  expect(expired).toEqual([
    ['first', 1_000],
    ['third', 2_000],
  ]);
});
