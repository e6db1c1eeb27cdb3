// The ways by which one account's invitations are read, each with the order of what is wanted there: what goes one way
// fails together, and what fails there delays nothing that is read elsewhere.

import type { Next, Order } from '../order/order.ts';
import type { Way } from '../upstream/upstream.ts';
import type { Wish } from './wishes.ts';

/** While the breaker is not closed, how often a read is tried, in milliseconds: it is the probe. */
export const PROBE_MS = 1_000;

/** The same questions as the order answers, so that another order may stand in for it. */
export type WishOrder = Pick<
  Order<Wish>,
  'size' | 'want' | 'drop' | 'next' | 'longestWaiting' | 'nextDueAt' | 'scoreOf'
>;

export class Lane {
  readonly way: Way;
  readonly order: WishOrder;
  /** How many are in flight. */
  reading = 0;
  /** While the breaker is not closed: the next read is not tried before. */
  probeAt = 0;

  constructor(way: Way, order: WishOrder) {
    this.way = way;
    this.order = order;
  }

  isFailing(): boolean {
    return this.way.circuit() !== 'CLOSED';
  }

  /** Whether one more may be read: where the breaker is not closed, one at a time, now and then. */
  mayRead(at: number): boolean {
    return this.isFailing() ? this.reading === 0 && at >= this.probeAt : this.way.hasRoom();
  }
}

/** A read that may be made now. */
export interface NextRead {
  readonly wish: Wish;
  readonly isProbe: boolean;
}

export class Lanes {
  readonly #lanes = new Map<Way, Lane>();
  readonly #createOrder: () => WishOrder;

  constructor(createOrder: () => WishOrder) {
    this.#createOrder = createOrder;
  }

  of(way: Way): Lane {
    let lane = this.#lanes.get(way);
    if (lane === undefined) {
      lane = new Lane(way, this.#createOrder());
      this.#lanes.set(way, lane);
    }
    return lane;
  }

  /**
   * The read to be made next. Probes come first, and take turns: or one that fails by itself would keep the breaker open.
   * @param everyMs In how many milliseconds one is made.
   */
  next(at: number, everyMs: number): NextRead | undefined {
    const roundMs = this.#size() * everyMs;
    let best: Next<Wish> | undefined;
    for (const lane of this.#lanes.values()) {
      if (!lane.mayRead(at)) continue;
      if (lane.isFailing()) {
        const probe = lane.order.longestWaiting(at);
        if (probe !== undefined) return { wish: probe, isProbe: true };
      } else {
        best = firstOf(best, lane.order.next(at, roundMs));
      }
    }
    return best && { wish: best.wanted, isProbe: false };
  }

  /** When there may be something to read where there is nothing now. */
  nextAt(at: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) {
      const isDue = lane.order.longestWaiting(at) !== undefined;
      const retryAt = lane.mayRead(at) ? at : at + PROBE_MS;
      next = Math.min(next, isDue ? retryAt : lane.order.nextDueAt());
    }
    return next;
  }

  #size(): number {
    let size = 0;
    for (const { order } of this.#lanes.values()) size += order.size;
    return size;
  }
}

function firstOf(a: Next<Wish> | undefined, b: Next<Wish> | undefined): Next<Wish> | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.isOverdue && b.isOverdue) return a.wanted.waitsFrom <= b.wanted.waitsFrom ? a : b;
  if (a.isOverdue !== b.isOverdue) return a.isOverdue ? a : b;
  return a.score >= b.score ? a : b;
}
