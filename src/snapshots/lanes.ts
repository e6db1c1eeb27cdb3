// The ways by which one account's invitations are read, each with the order of what is wanted there: what goes one way
// fails together, and what fails there delays nothing that is read elsewhere.

import type { Next } from '../order/order.ts';
import { Turns } from '../order/turns.ts';
import type { Way } from '../upstream/upstream.ts';
import { Lane, type Wish, type WishOrder } from './wish.ts';

/** While the breaker is not closed, how often a read is tried, in milliseconds: it is the probe. */
export const PROBE_MS = 1_000;

/** What is due and not read yet. */
export interface Waiting {
  /** What is kept fresh. */
  readonly wanted: number;
  /** How much of it is due. */
  readonly count: number;
  /** How long the oldest has waited, in milliseconds; 0 where none waits. */
  readonly longestMs: number;
  /** By how much that is more than it was meant to wait at least, in milliseconds: five minutes where it is notified. */
  readonly lateMs: number;
}

export const NOTHING_WAITS: Waiting = { wanted: 0, count: 0, longestMs: 0, lateMs: 0 };

/** A read that may be made now. */
export interface NextRead {
  readonly wish: Wish;
  readonly isProbe: boolean;
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

  /** The next one is being read. */
  took(): void {
    this.#turns.took();
  }

  waiting(at: number): Waiting {
    let [wanted, count, longestMs, lateMs] = [0, 0, 0, 0];
    for (const { order } of this.#lanes.values()) {
      wanted += order.size;
      const longest = order.longestWaiting(at);
      if (longest === undefined) continue;
      count += order.waiting;
      const waitsMs = at - longest.waitsFrom;
      longestMs = Math.max(longestMs, waitsMs);
      lateMs = Math.max(lateMs, waitsMs - longest.patience.leastMs);
    }
    return { wanted, count, longestMs, lateMs };
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
