// Reads again, in the background, what is wanted (wishes.ts): as much as one account's quota leaves for background work, one
// after the other as the order says (order/order.ts), each of them once over all processes. It knows no providers.

import type { Ref } from '../invitation/ref.ts';
import { BACKGROUND, type Payment, PREPAID } from '../upstream/payment.ts';
import type { Quota } from '../upstream/quota.ts';
import type { Way } from '../upstream/upstream.ts';
import type { Entry } from './entry.ts';
import { Lanes, type NextRead, PROBE_MS } from './lanes.ts';
import type { Reading } from './reading.ts';
import type { Wish, WishOrder } from './wish.ts';
import { Wishes } from './wishes.ts';

export interface Refresher {
  /** Callers have looked at it, as its entry has counted. */
  look(ref: Ref, entry: Entry, at: number): void;
  /** A caller was given what is older than fresh, or nothing: it is due. @param entry What is known of it. */
  ask(reading: Reading, entry: Entry | undefined, at: number): void;
  /** Wants a read that begins from now on, whoever looks. */
  force(reading: Reading, entry: Entry | undefined): void;
  /** So many streams more (or less, below 0) watch it. */
  watch(ref: Ref, entry: Entry | undefined, streams: number): void;
  /** It was seen, here or by another process. @param looks For how many callers. */
  see(ref: Ref, entry: Entry, looks: number): void;
  /** What is known of it has changed, without a read. */
  hold(key: string, entry: Entry): void;
  /** Whether the provider tells of its changes may have changed. */
  reconsider(ref: Ref): void;
  /** Nothing is known of it any more. */
  forget(key: string): void;
  /** Whether the quota is too short for what is due: a read with spare quota is not to be made before that. */
  isBehind(): boolean;
  /** Nothing more is read behind. It is told of nothing after that. */
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

/**
 * Part of a window's calls that may be made in one go. What goes beyond is spread evenly: a burst comes again a window
 * later, when all its calls count no more, and a provider that hears half of it late counts more than its limit.
 */
const BURST_SHARE = 0.2;

export interface RefresherOptions {
  /** Reads what is wanted; what that has seen is told before it resolves. It never rejects. */
  readonly read: (reading: Reading, payment: Payment) => Promise<void>;
  /** How it stands with the calls to where it is read. The same object for what fails together. */
  readonly wayTo: (ref: Ref) => Way;
  /** Whether such a read is in flight already. */
  readonly isInFlight: (reading: Reading) => boolean;
  /** Whether this process is the one to read it, where there are others. */
  readonly claim?: (ref: Ref) => Promise<boolean>;
  readonly createOrder: () => WishOrder;
  readonly freshMs: number;
  /** Whether the provider's notifications of it arrive. */
  readonly isNotified: (ref: Ref) => boolean;
  readonly now: () => number;
}

export function createRefresher(quota: Pick<Quota, 'takeSpare' | 'pace'>, options: RefresherOptions): Refresher {
  const { read, wayTo, isInFlight, claim, createOrder, now, ...about } = options;
  const lanes = new Lanes(createOrder);
  const wishes = new Wishes({ laneOf: (ref) => lanes.of(wayTo(ref)), ...about });
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;
  let isPumping = false;
  /** There was no quota for the last one that could have been read. */
  let isShort = false;
  /** Something was wanted while the pump was at work. */
  let hasMore = false;
  /** When the next read would be made if all were spread evenly. */
  let evenlyAt = Number.NEGATIVE_INFINITY;

  function wait(delayMs: number): void {
    const at = now() + delayMs;
    if (at >= wakesAt || delayMs === Number.POSITIVE_INFINITY) return;
    clearTimeout(timer);
    wakesAt = at;
    timer = setTimeout(() => void pump(), Math.ceil(Math.min(delayMs, LONGEST_WAIT_MS))).unref();
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

  /** What waits for quota is not hastened by more that is wanted. */
  function pumpUnlessShort(): void {
    if (!isShort) void pump();
  }

  /** Wakes when something may be due. */
  function rest(at: number): void {
    if (!isShort && !isPumping) wait(lanes.nextAt(at) - at);
  }

  async function readMost(): Promise<void> {
    while (true) {
      const at = now();
      const { everyMs, limit } = quota.pace;
      // Half a call more, because many small times do not add up exactly.
      const burstMs = everyMs * (Math.max(1, Math.floor(limit * BURST_SHARE)) - 0.5);
      const next = lanes.next(at);
      if (next === undefined) {
        isShort = false;
        return wait(lanes.nextAt(at) - at);
      }
      const earlyMs = evenlyAt - at;
      isShort = earlyMs > burstMs;
      if (isShort) return wait(earlyMs - burstMs);
      const { wish, isProbe } = next;
      const { entry } = wish;
      if (isOver(wish, at)) continue;
      if (claim !== undefined && !(await claim(wish.ref))) {
        // The process that claimed it shares what it reads; where that does not come, it is still wanted.
        postpone(wish, CLAIMED_MS);
        continue;
      }
      if (wish.entry !== entry || isOver(wish, now()) || !wish.lane.mayRead(now())) continue;
      // A probe that the breaker does not let through is not to cost anything, so that it pays when it is made.
      const taken = isProbe ? 0 : quota.takeSpare(BACKGROUND);
      // Only a shared quota has to be waited for.
      const delayMs = typeof taken === 'number' ? taken : await taken;
      isShort = delayMs > 0;
      if (isShort) {
        // What the quota held back is not made up for in a burst.
        evenlyAt = Math.max(evenlyAt, now() + delayMs + burstMs - everyMs / 2);
        return wait(delayMs);
      }
      if (!isProbe) {
        evenlyAt = Math.max(evenlyAt, now()) + everyMs;
        lanes.took();
      }
      void make(next);
    }
  }

  /** Whether it need not be read now: it is not wanted any more, or was taken out of the order, or a caller's read is under way. */
  function isOver(wish: Wish, at: number): boolean {
    if (wishes.get(wish.key) !== wish || wish.isReading) return true;
    if (!wish.isWanted(at)) wishes.change(wish, at, () => {});
    else if (isInFlight(readingOf(wish))) postpone(wish, IN_FLIGHT_MS);
    else return false;
    return true;
  }

  function postpone(wish: Wish, delayMs: number): void {
    const at = now();
    wishes.change(wish, at, () => {
      wish.notBefore = at + delayMs;
    });
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

  /** Its read has brought nothing that is newer. */
  function fail(wish: Wish, at: number): void {
    const isWell = !wish.lane.isFailing();
    if (isWell) wish.failures += 1;
    wish.notBefore = at + (isWell ? Math.min(PROBE_MS * 2 ** (wish.failures - 1), LONGEST_BACKOFF_MS) : PROBE_MS);
    wish.waitsFrom = wish.notBefore;
  }

  return {
    look(ref, entry, at) {
      wishes.look(ref, entry, at);
      rest(at);
    },
    ask({ ref, withExtras }, entry, at) {
      const wish = wishes.of(ref, entry, at);
      if (wish.isAsked && (wish.withExtras || !withExtras)) return;
      wishes.change(wish, at, () => {
        wish.isAsked = true;
        // A stream's first read has been refused: it is made here.
        if (wish.failures === 0) wish.notBefore = Number.NEGATIVE_INFINITY;
        wish.withExtras ||= withExtras;
        if (entry === undefined) wish.look(1, at);
        else wish.touch(at);
      });
      pumpUnlessShort();
    },
    force({ ref, withExtras }, entry) {
      const at = now();
      const wish = wishes.of(ref, entry, at);
      wishes.change(wish, at, () => {
        wish.forcedAt = at;
        wish.withExtras ||= withExtras;
      });
      pumpUnlessShort();
    },
    watch(ref, entry, streams) {
      const at = now();
      wishes.watch(ref, entry, streams, at);
      rest(at);
    },
    see(ref, entry, looks) {
      const at = now();
      wishes.see(ref, entry, looks, at);
      rest(at);
    },
    hold(key, entry) {
      const at = now();
      wishes.hold(key, entry, at);
      rest(at);
    },
    reconsider({ key }) {
      const at = now();
      const wish = wishes.get(key);
      if (wish === undefined) return;
      wishes.change(wish, at, () => {});
      rest(at);
    },
    forget: (key) => wishes.forget(key, now()),
    isBehind: () => isShort && wishes.size > 0,
    stop() {
      clearTimeout(timer);
      wishes.clear();
    },
  };
}

function readingOf({ ref, withExtras }: Wish): Reading {
  return { ref, withExtras };
}
