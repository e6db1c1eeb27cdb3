// The orders that a world is run with. The proof is of the order as built; it is to fail with each of the controls, which
// are built of the same parts but for one.

import { Evidence } from '../../../src/order/evidence.ts';
import { Order } from '../../../src/order/order.ts';
import type { Wish, WishOrder } from '../../../src/snapshots/wish.ts';
import { Knowing, type Knowledge, Rotation } from './orders.ts';

export const MODES = ['rotation', 'as built', 'knows all'] as const;
export const CONTROLS = ['without learning', 'without turns'] as const;
export type Mode = (typeof MODES)[number] | (typeof CONTROLS)[number];

/**
 * @param evidence What the gateway learns from its reads.
 * @param knowledge What the world tells the order that knows all.
 */
export function orderOf(mode: Mode, evidence: Evidence, knowledge: Knowledge): WishOrder {
  switch (mode) {
    case 'rotation':
      return new Rotation();
    case 'as built':
      return new Order<Wish>(evidence);
    case 'knows all':
      return new Knowing(knowledge);
    case 'without learning':
      // Of evidence that stays empty.
      return new Order<Wish>(new Evidence());
    case 'without turns':
      return new Unbounded(evidence);
  }
}

/** Nothing gets a turn because it has waited longest. */
class Unbounded extends Order<Wish> {
  override longestWaiting(at: number): Wish | undefined {
    return this.next(at)?.wanted;
  }
}
