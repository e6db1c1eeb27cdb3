// Reads again, in the background, what is wanted (wishes.ts): as much as one account's quota leaves for background work, one
// after the other as the order says (order/order.ts), each of them once over all processes. It knows no providers.

import type { Ref } from '../invitation/ref.ts';
import { BACKGROUND, type Payment, PREPAID } from '../upstream/payment.ts';
import type { Quota } from '../upstream/quota.ts';
import type { Way } from '../upstream/upstream.ts';
import { Lanes, type NextRead, PROBE_MS, type Waiting } from './lanes.ts';
import { Pacing } from './pacing.ts';
import type { Reading } from './reading.ts';
import type { Wish, WishOrder } from './wish.ts';
import { Wishes, type WishesOptions } from './wishes.ts';

export interface Refresher {
  /** What is read is wanted there. */
  readonly wishes: Wishes;
  /** Whether the quota is too short for what is due: a read with spare quota is not to be made before that. */
  isBehind(): boolean;
  /** What waits to be read. */
  waiting(): Waiting;
  /** Nothing more is read behind, though it may be wanted. */
  stop(): void;
}

/** What fails by itself is tried again after a second, then ever more slowly: the others' quota is not spent on it. */
const LONGEST_BACKOFF_MS = 60_000;

/** How long another process is given to read what it has claimed, in milliseconds. */
const CLAIMED_MS = 2_000;

/** When what is being read for a caller is looked at again, in milliseconds: by then it mostly was seen. */
const IN_FLIGHT_MS = 1_000;

/** Timers cannot be set for much longer. */
const LONGEST_WAIT_MS = 3_600_000;

export interface RefresherOptions extends Pick<WishesOptions, 'freshMs' | 'isNotified' | 'now'> {
  /** Reads what is wanted; what that has seen is told before it resolves. It never rejects. */
  readonly read: (reading: Reading, payment: Payment) => Promise<void>;
  /** How it stands with the calls to where it is read. The same object for what fails together. */
  readonly wayTo: (ref: Ref) => Way;
  /** Whether such a read is in flight already. */
  readonly isInFlight: (reading: Reading) => boolean;
  /** Whether this process is the one to read it, where there are others. */
  readonly claim?: (ref: Ref) => Promise<boolean>;
  readonly createOrder: () => WishOrder;
}

export function createRefresher(quota: Pick<Quota, 'takeSpare' | 'pace'>, options: RefresherOptions): Refresher {
  const { read, wayTo, isInFlight, claim, createOrder, now, ...about } = options;
  const lanes = new Lanes(createOrder);
  const laneOf = (ref: Ref) => lanes.of(wayTo(ref));
  const wishes = new Wishes({ laneOf, onDue: pumpUnlessShort, onChange: wake, now, ...about });
  const pacing = new Pacing(quota);
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;
  let isPumping = false;
  /** There was no quota for the last one that could have been read. */
  let isShort = false;
  /** The pump was to start while it was at work. */
  let hasMore = false;

  function wait(delayMs: number): void {
    const at = now() + delayMs;
    if (at >= wakesAt || delayMs === Number.POSITIVE_INFINITY) return;
    clearTimeout(timer);
    wakesAt = at;
    timer = setTimeout(() => void pump(), Math.ceil(Math.min(delayMs, LONGEST_WAIT_MS))).unref();
  }

  /** Something may become due sooner than before. */
  function wake(at: number): void {
    if (isPumping) hasMore = true;
    else if (!isShort) wait(nextAt(at) - at);
  }

  /** When there may be something to read where there is nothing now. */
  function nextAt(at: number): number {
    return Math.max(at, Math.min(lanes.nextAt(at), wishes.wakesAt));
  }

  /** What waits for quota is not hastened by more that is wanted. */
  function pumpUnlessShort(): void {
    if (!isShort) void pump();
  }

  async function pump(): Promise<void> {
    clearTimeout(timer);
    wakesAt = Number.POSITIVE_INFINITY;
    hasMore = true;
    if (isPumping) return;
    isPumping = true;
    while (hasMore) {
      hasMore = false;
      wishes.sweep(now());
      await readMost();
    }
    isPumping = false;
  }

  async function readMost(): Promise<void> {
    while (true) {
      const at = now();
      wishes.wake(at);
      const next = lanes.next(at);
      if (next === undefined) {
        isShort = false;
        return wait(nextAt(at) - at);
      }
      const earlyMs = pacing.delayMs(at);
      isShort = earlyMs > 0;
      if (isShort) return wait(earlyMs);
      const { wish, isProbe } = next;
      const { entry } = wish;
      if (isOver(wish, at)) continue;
      if (claim !== undefined && !(await claim(wish.ref))) {
        // The process that claimed it shares what it reads; where that does not come, it is still wanted.
        wishes.postpone(wish, CLAIMED_MS, now());
        continue;
      }
      if (wish.entry !== entry || isOver(wish, now()) || !wish.lane.mayRead(now())) continue;
      // A probe that the breaker does not let through is not to cost anything, so that it pays when it is made.
      const taken = isProbe ? 0 : quota.takeSpare(BACKGROUND);
      // Only a shared quota has to be waited for.
      const delayMs = typeof taken === 'number' ? taken : await taken;
      isShort = delayMs > 0;
      if (isShort) {
        pacing.held(now(), delayMs);
        return wait(delayMs);
      }
      if (!isProbe) {
        pacing.took(now());
        lanes.took();
      }
      void make(next);
    }
  }

  /** Whether it need not be read now: it is not wanted any more, or was taken out of the order, or a caller's read is under way. */
  function isOver(wish: Wish, at: number): boolean {
    if (!wishes.has(wish) || wish.isReading) return true;
    if (!wish.isWanted(at)) wishes.change(wish, at, () => {});
    else if (isInFlight(readingOf(wish))) wishes.postpone(wish, IN_FLIGHT_MS, at);
    else return false;
    return true;
  }

  async function make({ wish, isProbe }: NextRead): Promise<void> {
    const { lane } = wish;
    const begunAt = now();
    wishes.change(wish, begunAt, () => {
      wish.isReading = true;
    });
    lane.reading += 1;
    await read(readingOf(wish), isProbe ? BACKGROUND : PREPAID);
    lane.reading -= 1;
    const at = now();
    if (lane.isFailing()) lane.probeAt = at + PROBE_MS;
    wishes.change(wish, at, () => {
      wish.isReading = false;
      if (wish.seenAt < begunAt && wish.forcedAt < begunAt) fail(wish, at);
    });
    void pump();
  }

  return {
    wishes,
    isBehind: () => isShort && wishes.size > 0,
    waiting() {
      const at = now();
      wishes.wake(at);
      const waiting = lanes.waiting(at);
      return { ...waiting, wanted: waiting.wanted + wishes.resting };
    },
    stop() {
      clearTimeout(timer);
      wishes.clear();
    },
  };
}

/** Its read has brought nothing that is newer. */
function fail(wish: Wish, at: number): void {
  const isWell = !wish.lane.isFailing();
  if (isWell) wish.failures += 1;
  wish.notBefore = at + (isWell ? Math.min(PROBE_MS * 2 ** (wish.failures - 1), LONGEST_BACKOFF_MS) : PROBE_MS);
  wish.waitsFrom = wish.notBefore;
}

function readingOf({ ref, withExtras }: Wish): Reading {
  return { ref, withExtras };
}
