// What the list of wishes lets go of, and when. Alone in its file: it looks at what a collection leaves.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { entryOf } from './refreshing.ts';
import { refTo } from './source.ts';
import { newWishes } from './wishing.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What was seen rests for less than this before it becomes a wish, in milliseconds. */
const RESTED_MS = 60_000;

/** What is not looked at for so long is not wanted, in milliseconds. */
const WISH_TTL_MS = 600_000;
/** Steps in which all are gone through. */
const SWEEP_STEPS = 256;

test('what has left the wishes can be collected while a sweep is in the middle of them', async () => {
  const wishes = newWishes(() => 0);
  const want = (n: number) => {
    const ref = refTo(`id-${n}`);
    const entry = entryOf(ref, 0);
    wishes.see(ref, entry, 1, undefined);
    return { ref, entry: new WeakRef(entry) };
  };
  const gone = Array.from({ length: 1_000 }, (_, n) => want(n));
  wishes.wake(RESTED_MS);
  wishes.sweep(0);
  for (const { ref } of gone) wishes.hold(ref.key, undefined, undefined);
  // So many that a map makes its table anew.
  for (let n = 1_000; n < 5_000; n++) want(n);
  // What was made in one turn is kept until its end.
  await new Promise(setImmediate);
  collect();
  expect(gone.filter(({ entry }) => entry.deref() !== undefined)).toEqual([]);
});

test('a sweep goes through all wishes in its steps, and lets go of those that nobody looks at any more', () => {
  const clock = { at: 0 };
  const wishes = newWishes(() => clock.at);
  const refs = Array.from({ length: 1_000 }, (_, n) => refTo(`id-${n}`));
  const seen = refs.map((ref) => ({ ref, entry: entryOf(ref, 0) }));
  for (const { ref, entry } of seen) wishes.see(ref, entry, 1, undefined);
  wishes.wake(RESTED_MS);
  clock.at = WISH_TTL_MS + 1;
  const looked = seen.filter((_, n) => n % 3 === 0);
  for (const { ref, entry } of looked) wishes.see(ref, entryOf(ref, clock.at), 1, entry);
  wishes.sweep(clock.at);
  expect(wishes.size).toBeGreaterThan(looked.length);
  // A step is a part of those that there still are.
  for (let n = 0; n < 2 * SWEEP_STEPS; n++) wishes.sweep(clock.at);
  expect(wishes.size).toBe(looked.length);
});
