// Wishes alone, of a provider that is well and notifies of nothing: nobody reads what they ask for.

import { Evidence } from '../../src/order/evidence.ts';
import { Order } from '../../src/order/order.ts';
import { Lane } from '../../src/snapshots/wish.ts';
import { Wishes } from '../../src/snapshots/wishes.ts';
import type { Way } from '../../src/upstream/upstream.ts';

const WAY: Way = { circuit: () => 'CLOSED', hasRoom: () => true, isCrowded: () => false };

export function newWishes(now: () => number): Wishes {
  const lane = new Lane(WAY, new Order(new Evidence()));
  return new Wishes({
    laneOf: () => lane,
    freshMs: 10_000,
    isNotified: () => false,
    onDue: () => {},
    onChange: () => {},
    now,
  });
}
