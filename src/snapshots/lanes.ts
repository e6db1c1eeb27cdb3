// The ways by which one account's invitations are read, each with the order of what is wanted there: what goes one way
// fails together, and what fails there delays nothing that is read elsewhere.

import type { Next } from '../order/order.ts';
import { Turns } from '../order/turns.ts';
import type { Way } from '../upstream/upstream.ts';
import { Lane, type Wish, type WishOrder } from './wish.ts';

/** While the breaker is not closed, how often a read is tried, in milliseconds: it is the probe. */
export const PROBE_MS = 1_000;

/** A read that may be made now. */
export interface NextRead {
  readonly wish: Wish;
  readonly isProbe: boolean;
}

/** What is wanted, how much of it is due to be read, and for how long the first of that has waited. */
export interface Waiting {
  readonly wanted: number;
  readonly due: number;
  readonly oldestMs: number;
}

export class Lanes {
  readonly #lanes = new Map<Way, Lane>();
  readonly #createOrder: () => WishOrder;
  readonly #turns = new Turns();

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

  /** The read to be made next. Probes come first, and take turns: or one that fails by itself would keep the breaker open. */
  next(at: number): NextRead | undefined {
    let best: Next<Wish> | undefined;
    let longest: Wish | undefined;
    for (const lane of this.#lanes.values()) {
      if (!lane.mayRead(at)) continue;
      const waiting = lane.order.longestWaiting(at);
      if (waiting === undefined) continue;
      if (lane.isFailing()) return { wish: waiting, isProbe: true };
      if (longest === undefined || waiting.waitsFrom < longest.waitsFrom) longest = waiting;
      if (this.#turns.isForLongest) continue;
      const next = lane.order.next(at);
      if (best === undefined || (next !== undefined && next.score > best.score)) best = next;
    }
    const wish = best?.wanted ?? longest;
    return wish && { wish, isProbe: false };
  }

  /** What waits to be read. */
  waiting(at: number): Waiting {
    let [wanted, due, since] = [0, 0, at];
    for (const { order } of this.#lanes.values()) {
      since = Math.min(since, order.longestWaiting(at)?.waitsFrom ?? at);
      wanted += order.size;
      due += order.due;
    }
    return { wanted, due, oldestMs: at - since };
  }

  /** The next one is being read. */
  took(): void {
    this.#turns.took();
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
}
