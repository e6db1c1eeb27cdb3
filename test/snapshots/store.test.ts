// What is remembered is bounded, by entries and by bytes.

import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SmartInvite } from '../../src/invitation/smart-invite.ts';
import { snapshotOf } from '../../src/invitation/snapshot.ts';
import type { Entry } from '../../src/snapshots/entry.ts';
import { createStore, type Store } from '../../src/snapshots/store.ts';
import { createStoreSpace, type StoreLimits } from '../../src/snapshots/store-space.ts';
import { invite, refTo, review } from './source.ts';

const LONG = 'x'.repeat(20_000);
const REPLY = {
  email: 'a@example.com',
  status: 'PENDING',
  rawStatus: 'pending',
  comment: null,
  proposal: null,
} as const;
const DAY_MS = 86_400_000;
const NOTHING: Entry = {
  type: 'ReviewInvitation',
  snapshot: null,
  withExtras: false,
  whole: '',
  begunAt: 0,
  seenAt: 0,
  sinceAt: 0,
  state: '',
  looks: 0,
  restsAt: -1,
  freshMs: 0,
  staleness: null,
};
const ROOMY = { maxEntries: 1_000, maxBytes: 1_000_000 };

function entry(id = 'one'): Entry {
  const snapshot = snapshotOf(review(refTo(id), 'SENT'), new Date());
  return { ...NOTHING, snapshot };
}

/** On a clock that stands still. */
const newStore = (limits: StoreLimits = ROOMY) => createStore(createStoreSpace(limits), DAY_MS, () => 1);

test('a store keeps what it was given, "not found" too', () => {
  const store = newStore();
  const one = entry();
  store.set('one', one);
  store.set('nothing', { ...NOTHING, seenAt: 1 });
  expect(store.get('one')).toBe(one);
  expect(store.get('nothing')).toEqual({ ...NOTHING, seenAt: 1 });
  expect(store.get('other')).toBeUndefined();
});

test('a store keeps maxEntries, and drops the least recently used', () => {
  const store = newStore({ ...ROOMY, maxEntries: 2 });
  store.set('one', entry());
  store.set('two', entry());
  store.get('one');
  store.set('three', entry());
  expect(['one', 'two', 'three'].filter((key) => store.get(key) !== undefined)).toEqual(['one', 'three']);
});

test.each([
  ['one byte a character of latin1', 'é', 1],
  ['two bytes a character of any other', 'ж', 2],
])('a store keeps maxBytes, counted as the texts take in memory: %s', (_, character, bytes) => {
  const store = newStore({ ...ROOMY, maxBytes: 100_000 });
  const ids = Array.from({ length: 100 }, (_, n) => `${n} ${character.repeat(5_000)}`);
  for (const id of ids) store.set(id, entry(id));
  const kept = ids.filter((id) => store.get(id) !== undefined);
  // Key and id, the global id (base64 of UTF-8, where either character has two bytes), and what an entry takes itself.
  const each = 2 * 5_000 * bytes + (5_000 * 2 * 4) / 3 + 500;
  expect(kept.length).toBe(Math.floor(100_000 / each));
  expect(kept).toEqual(ids.slice(-kept.length));
});

test.each<[string, Partial<SmartInvite>]>([
  ['the place', { event: { ...invite('pending').event, location: { description: LONG } } }],
  ['the callback URL', { callbackUrl: LONG }],
  ['an address', { recipients: [{ ...REPLY, email: LONG }] }],
  ['a status', { replies: [{ ...REPLY, rawStatus: LONG }] }],
  ['a comment', { replies: [{ ...REPLY, comment: LONG }] }],
  ['a summary', { event: { ...invite('pending').event, summary: LONG } }],
  ['an ICS', { attachments: { icalendar: LONG } }],
])('a store counts the text of %s', (_, part) => {
  const store = newStore({ ...ROOMY, maxBytes: 20_000 });
  const snapshot = snapshotOf({ ...invite('pending'), ...part }, new Date());
  store.set('large', { ...NOTHING, snapshot, withExtras: true });
  expect(store.get('large')).toBeUndefined();
});

test('a store counts the bytes of "not found" too', () => {
  const store = newStore({ ...ROOMY, maxBytes: 50_000 });
  const ids = Array.from({ length: 1_000 }, (_, n) => String(n));
  for (const id of ids) store.set(id, NOTHING);
  expect(ids.filter((id) => store.get(id) !== undefined).length).toBeLessThan(500);
});

test('a store does not keep an entry above its limit, nor what it would replace', () => {
  const store = newStore({ ...ROOMY, maxBytes: 10_000 });
  store.set('small', entry());
  store.set('one', entry());
  store.set('one', entry('x'.repeat(10_000)));
  expect(store.get('one')).toBeUndefined();
  expect(store.get('small')).toBeDefined();
});

describe('the names of an invitation', () => {
  const named = { ...NOTHING, whole: 'whole' };
  const long = (text: string) => ({ ...entry(text.repeat(10_000)), whole: 'whole' });

  test('are all under which it was kept, each once, and the one as a whole', () => {
    const store = newStore();
    for (const key of ['by a', 'by b', 'by a', 'whole']) store.set(key, named);
    store.set('other', { ...NOTHING, whole: 'other' });
    expect(store.keysOf('whole')).toEqual(['whole', 'by a', 'by b']);
    expect(store.keysOf('other')).toEqual(['other']);
  });

  test('are forgotten with what was kept: deleted, pushed out, too large, or not asked for', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let at = 1;
    const store = createStore(createStoreSpace({ maxEntries: 3, maxBytes: 10_000 }), DAY_MS, () => at);
    for (const key of ['by a', 'by b', 'by c', 'by d']) store.set(key, named);
    expect(store.keysOf('whole')).toEqual(['whole', 'by b', 'by c', 'by d']);
    store.delete('by b');
    store.set('by c', long('x'));
    store.set('by e', long('y'));
    expect(store.keysOf('whole')).toEqual(['whole', 'by d']);
    at += 2 * DAY_MS;
    await vi.advanceTimersByTimeAsync(2 * DAY_MS);
    expect(store.keysOf('whole')).toEqual(['whole']);
    expect(store.calculatedSize).toBe(0);
  });
});

describe('what no caller has asked for', () => {
  let at: number;
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;

  beforeEach(() => {
    vi.useFakeTimers();
    at = 1;
  });
  afterEach(() => vi.useRealTimers());

  async function pass(ms: number): Promise<void> {
    at += ms;
    await vi.advanceTimersByTimeAsync(ms);
  }

  test('is not given after its time, is dropped at most two minutes later, and not before', async () => {
    const store = createStore(createStoreSpace(ROOMY), HOUR, () => at);
    store.set('one', entry());
    store.set('two', entry());
    await pass(HOUR);
    expect(store.get('one')).toBeDefined();
    await pass(2 * MINUTE + 1);
    expect(store.get('one')).toBeDefined();
    expect(store.get('two')).toBeUndefined();
  });

  test('is not dropped early where the clock was not read for a while', async () => {
    const store = createStore(createStoreSpace(ROOMY), HOUR, () => at);
    store.set('one', entry());
    await pass(MINUTE - 1);
    store.set('late', entry());
    await pass(HOUR);
    expect(store.get('late')).toBeDefined();
  });

  test('is freed, and one that was asked for is not', async () => {
    const store = createStore(createStoreSpace(ROOMY), HOUR, () => at);
    store.set('one', entry());
    const { calculatedSize } = store;
    store.set('two', entry());
    await pass(HOUR - MINUTE);
    store.get('one');
    await pass(3 * MINUTE + 1);
    expect(store.calculatedSize).toBe(calculatedSize);
    expect(store.get('one')).toBeDefined();
    await pass(HOUR + 2 * MINUTE + 1);
    expect(store.calculatedSize).toBe(0);
  });
});

describe('stores that share their space', () => {
  const long = (text: string) => entry(text.repeat(2_000));
  const sharing = (limits: Partial<StoreLimits>) => {
    const space = createStoreSpace({ ...ROOMY, ...limits });
    return [1, 2, 3].map(() => createStore(space, DAY_MS, () => 1)) as [Store, Store, Store];
  };
  const held = (store: Store, keys: readonly string[]) => keys.filter((key) => store.get(key) !== undefined);
  const keysOf = (count: number) => Array.from({ length: count }, (_, n) => `key-${n}`);

  test('have so many entries together, and the one that holds most gives way first', () => {
    const [large, small, other] = sharing({ maxEntries: 10 });
    for (const key of keysOf(3)) small.set(key, entry());
    for (const key of keysOf(20)) large.set(key, entry());
    expect(held(small, keysOf(20))).toEqual(keysOf(3));
    expect(held(large, keysOf(20))).toEqual(keysOf(20).slice(-7));
    other.set('one', entry());
    expect(held(large, keysOf(20))).toEqual(keysOf(20).slice(-6));
    expect(held(other, ['one'])).toEqual(['one']);
  });

  test('have so many bytes together', () => {
    const [large, small, other] = sharing({ maxBytes: 100_000 });
    small.set('one', long('one'));
    for (const key of keysOf(20)) large.set(key, long(key));
    other.set('one', long('one'));
    expect(large.calculatedSize + small.calculatedSize + other.calculatedSize).toBeLessThanOrEqual(100_000);
    expect(held(small, ['one'])).toEqual(['one']);
    expect(held(large, keysOf(20))).toContain('key-19');
  });

  test('give back what one of them held when it stops', () => {
    const [large, small] = sharing({ maxEntries: 10 });
    for (const key of keysOf(10)) large.set(key, entry());
    large.stop();
    for (const key of keysOf(10)) small.set(key, entry());
    expect(held(small, keysOf(10))).toEqual(keysOf(10));
  });
});

test('an empty store has no timer: before the first entry, and once all are freed', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let at = 1;
  const store = createStore(createStoreSpace(ROOMY), DAY_MS, () => at);
  expect(vi.getTimerCount()).toBe(0);
  store.set('one', entry());
  expect(vi.getTimerCount()).toBeGreaterThan(0);
  at += 2 * DAY_MS;
  await vi.advanceTimersByTimeAsync(2 * DAY_MS);
  expect(store.calculatedSize).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
