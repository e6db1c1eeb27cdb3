// Whether time tells what is not granted from what does not exist: two thousand refs that a viewer is not granted, of which half
// exist and are at hand, in a random order, one request each. The statistic is the difference of the two halves' median times,
// beside what such a difference is where the halves are drawn by chance.

import { request } from 'undici';
import { bearer } from '../../access/tokens.ts';
import { one } from '../cases.ts';

const EACH = 1_000;
const SHUFFLES = 2_000;
/** A difference that chance makes less often than so is no chance. */
const MIN_PROBABILITY = 0.01;

/** @returns whether the two cannot be told apart. @param origin A gateway that asks for tokens. */
export async function notGranted(origin: string): Promise<boolean> {
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const staff = bearer({ exp, sub: 'staff' });
  const stranger = bearer({ exp, sub: 'stranger', invitations: { review: ['nothing-of-it'] } });
  for (let n = 0; n < EACH; n++) await ask(origin, staff, `kept-${n}`);
  // The compiler's share first.
  for (let n = 0; n < EACH; n++) await ask(origin, stranger, `warm-${n}`);
  const asked = Array.from({ length: 2 * EACH }, (_, n) => ({
    isKept: n % 2 === 0,
    id: `${n % 2 ? 'none' : 'kept'}-${n >> 1}`,
  }));
  const times: { readonly isKept: boolean; readonly micros: number }[] = [];
  for (const { isKept, id } of shuffled(asked)) times.push({ isKept, micros: await ask(origin, stranger, id) });
  const difference = differenceOf(times);
  const flags = times.map(({ isKept }) => isKept);
  let asLarge = 0;
  for (let n = 0; n < SHUFFLES; n++) {
    const mixed = shuffled(flags);
    const drawn = times.map(({ micros }, place) => ({ micros, isKept: mixed[place] ?? false }));
    if (Math.abs(differenceOf(drawn)) >= Math.abs(difference)) asLarge += 1;
  }
  const probability = asLarge / SHUFFLES;
  console.log(
    `${2 * EACH} refs that are not granted, half of them at hand: medians ${difference.toFixed(1)} µs apart, which chance makes with a probability of ${probability.toFixed(2)} (at least ${MIN_PROBABILITY})`,
  );
  return probability >= MIN_PROBABILITY;
}

async function ask(origin: string, authorization: string, id: string): Promise<number> {
  const begun = performance.now();
  const { body } = await request(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: one(id).graphql,
  });
  await body.dump();
  return (performance.now() - begun) * 1_000;
}

function differenceOf(times: readonly { readonly isKept: boolean; readonly micros: number }[]): number {
  const median = (isKept: boolean) => {
    const half = times.filter((each) => each.isKept === isKept).map(({ micros }) => micros);
    return half.toSorted((a, b) => a - b)[half.length >> 1] ?? Number.NaN;
  };
  return median(true) - median(false);
}

function shuffled<T>(values: readonly T[]): T[] {
  const deck = [...values];
  for (let n = deck.length - 1; n > 0; n--) {
    const other = Math.floor(Math.random() * (n + 1));
    [deck[n], deck[other]] = [deck[other] as T, deck[n] as T];
  }
  return deck;
}
