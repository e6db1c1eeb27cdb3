// What is read next of all that is wanted by several ways: the bound on how long anything waits holds over all of them.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Evidence } from '../../src/order/evidence.ts';
import { Order } from '../../src/order/order.ts';
import { Lanes } from '../../src/snapshots/lanes.ts';
import { Wish } from '../../src/snapshots/wish.ts';
import type { Way } from '../../src/upstream/upstream.ts';
import { entryOf } from './refreshing.ts';
import { refTo } from './source.ts';

const EVERY_MS = 1_000;
const newWay = (): Way => ({ circuit: () => 'CLOSED', hasRoom: () => true, isCrowded: () => false });

/** What changes often, and what hardly ever does, as reads would have found. */
function learned(): Evidence {
  const evidence = new Evidence();
  for (let n = 0; n < 300; n++) {
    evidence.note({ state: 'often', fromMs: 0, toMs: 10_000, hasChanged: n % 2 === 0, at: 0 });
    evidence.note({ state: 'hardly', fromMs: 0, toMs: 3_600_000, hasChanged: false, at: 0 });
  }
  return evidence;
}

const anyWanted = fc.array(
  fc.record({
    way: fc.nat({ max: 2 }),
    state: fc.constantFrom('often', 'hardly', 'unknown'),
    looks: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
  }),
  { minLength: 1, maxLength: 40 },
);

test('nothing that is wanted waits for more than two and a half rounds, by whichever way it is read', () => {
  fc.assert(
    fc.property(anyWanted, (list) => {
      const evidence = learned();
      const lanes = new Lanes(() => new Order<Wish>(evidence));
      const ways = [newWay(), newWay(), newWay()];
      const see = (wish: Wish, at: number) => {
        wish.entry = { ...entryOf(wish.ref, at), state: wish.state };
        wish.waitsFrom = at;
        wish.lane.order.want(wish, at);
      };
      const wishes = list.map(({ way, state, looks }, n) => {
        const ref = refTo(`id-${n}`);
        const wish = new Wish(ref, lanes.of(ways[way] ?? newWay()), { ...entryOf(ref, 0), state }, 0);
        wish.looks = looks;
        see(wish, 0);
        return wish;
      });
      const last = new Map(wishes.map((wish) => [wish, 0]));
      // To the next whole read.
      const most = Math.ceil(wishes.length / 0.45) + 2;
      for (let n = 1; n <= 6 * most; n++) {
        const wish = lanes.next(n * EVERY_MS)?.wish;
        if (wish === undefined) throw new Error('nothing is read, though all of it is due');
        lanes.took();
        last.set(wish, n);
        wish.lane.order.drop(wish);
        see(wish, n * EVERY_MS);
        for (const readAt of last.values()) expect(n - readAt).toBeLessThanOrEqual(most);
      }
    }),
  );
});
