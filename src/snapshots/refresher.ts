// Reads again, in the background, what callers were given older than fresh: as much as one account's quota leaves
// for background work, and what matters most first. What matters is age, and a little how often it was asked for: so
// everything asked for comes round, and no caller gets much more of it by asking more.

import type { Ref } from '../invitation/ref.ts';
import { BACKGROUND, type Payment, PREPAID } from '../upstream/payment.ts';
import type { Quota } from '../upstream/quota.ts';
import type { Way } from '../upstream/upstream.ts';
import type { Reading } from './reading.ts';

export interface Refresher {
  /**
   * Asks for a read when the quota allows; asking again makes it matter more.
   * @param seenAt When the answer that callers are given was seen; -Infinity where there is none.
   * @param at Default: now.
   */
  want(reading: Reading, seenAt: number, at?: number): void;
  /** Whether the quota is too short for what is wanted already: a read with spare quota is not to be made before that. */
  isBehind(): boolean;
  /** Takes back a wish that was there at that time already: such a read has fulfilled it. */
  forget(reading: Reading, begunAt: number): void;
  /** Nothing more is read behind, whatever is wanted. */
  stop(): void;
}

/** A wish that no caller has repeated for so long is dropped, in milliseconds. */
const WISH_TTL_MS = 60_000;

/** Most wishes that are kept; further ones are not heard until some are fulfilled. */
const MAX_WISHES = 20_000;

/** While the breaker is not closed, how often a read is tried, in milliseconds: it is the probe. */
const PROBE_MS = 1_000;

/** What fails by itself is tried again after a second, then ever more slowly: the others' quota is not spent on it. */
const LONGEST_BACKOFF_MS = 60_000;

/** How long another process is given to read what it has claimed, in milliseconds. */
const CLAIMED_MS = 2_000;

/**
 * Part of a window's calls that may be made in one go. What goes beyond is spread evenly: a burst comes again a window
 * later, when all its calls count no more, and a provider that hears half of it late counts more than its limit.
 */
const BURST_SHARE = 0.2;

interface Wish {
  /** It is read with extras where any of the wishes wanted them. */
  reading: Reading;
  readonly lane: Lane;
  readonly seenAt: number;
  readonly since: number;
  askedAt: number;
  asks: number;
  /** How often in a row its read has failed, the provider being well. */
  failures: number;
  /** After a read that failed, or while another process has claimed it: not before this. */
  notBefore: number;
}

/** The reads that go the same way, and fail together. */
interface Lane {
  readonly way: Way;
  /** How many are in flight. */
  reading: number;
  /** While the breaker is not closed: the next read is not tried before. */
  probeAt: number;
}

export interface RefresherOptions {
  /** Reads what is wanted, and says whether that is settled. It never rejects. */
  readonly read: (reading: Reading, payment: Payment) => Promise<boolean>;
  /** How it stands with the calls to where it is read. The same object for what fails together. */
  readonly wayTo: (reading: Reading) => Way;
  /** Whether such a read is in flight already. */
  readonly isInFlight: (reading: Reading) => boolean;
  /** Whether this process is the one to read it, where there are others. */
  readonly claim?: (ref: Ref) => Promise<boolean>;
  readonly now: () => number;
}

export function createRefresher(
  quota: Pick<Quota, 'takeSpare' | 'pace'>,
  { read, wayTo, isInFlight, claim, now }: RefresherOptions,
): Refresher {
  const wishes = new Map<string, Wish>();
  let timer: NodeJS.Timeout | undefined;
  const lanes = new Map<Way, Lane>();
  let isPumping = false;
  let isStopped = false;
  /** There was no quota for the last one that could have been read. */
  let isShort = false;
  /** Something was wanted while the pump was at work. */
  let hasMore = false;
  /** When the next read would be made if all were spread evenly. */
  let evenlyAt = Number.NEGATIVE_INFINITY;

  const { everyMs, limit } = quota.pace;
  const burstMs = everyMs * (Math.max(1, Math.floor(limit * BURST_SHARE)) - 1);

  function wait(delayMs: number): void {
    timer ??= setTimeout(() => void pump(), Math.ceil(delayMs)).unref();
  }

  async function pump(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    hasMore = true;
    if (isPumping) return;
    isPumping = true;
    while (hasMore) {
      hasMore = false;
      await readMost();
    }
    isPumping = false;
  }

  async function readMost(): Promise<void> {
    while (wishes.size > 0) {
      const most = mostWanted();
      if (most === undefined) {
        isShort = false;
        if (wishes.size > 0) wait(PROBE_MS);
        return;
      }
      const earlyMs = evenlyAt - now();
      isShort = earlyMs > burstMs;
      if (isShort) {
        wait(earlyMs - burstMs);
        return;
      }
      const [key, wish] = most;
      if (claim !== undefined && !(await claim(wish.reading.ref))) {
        // The process that claimed it shares what it reads; where that does not come, it is still wanted.
        wish.notBefore = now() + CLAIMED_MS;
        continue;
      }
      if (wishes.get(key) !== wish || isInFlight(wish.reading)) continue;
      const { lane } = wish;
      if (!mayRead(lane)) continue;
      const isProbe = lane.way.circuit() !== 'CLOSED';
      // A probe that the breaker does not let through is not to cost anything, so that it pays when it is made.
      const taken = isProbe ? 0 : quota.takeSpare(BACKGROUND);
      // Only a shared quota has to be waited for.
      const delayMs = typeof taken === 'number' ? taken : await taken;
      isShort = delayMs > 0;
      if (isShort) {
        // What the quota held back is not made up for in a burst.
        evenlyAt = Math.max(evenlyAt, now() + delayMs + burstMs - everyMs);
        wait(delayMs);
        return;
      }
      wishes.delete(key);
      if (!isProbe) evenlyAt = Math.max(evenlyAt, now()) + everyMs;
      lane.reading += 1;
      void read(wish.reading, isProbe ? BACKGROUND : PREPAID).then((isRead) => {
        lane.reading -= 1;
        const isWell = lane.way.circuit() === 'CLOSED';
        if (!isRead) retryLater(key, wish, isWell);
        if (!isWell) lane.probeAt = now() + PROBE_MS;
        void pump();
      });
    }
  }

  function laneOf(reading: Reading): Lane {
    const way = wayTo(reading);
    const lane = lanes.get(way) ?? { way, reading: 0, probeAt: 0 };
    lanes.set(way, lane);
    return lane;
  }

  /** Whether one more may be read: where the breaker is not closed, one at a time, now and then. */
  function mayRead({ way, reading, probeAt }: Lane): boolean {
    if (way.circuit() !== 'CLOSED') return reading === 0 && now() >= probeAt;
    return way.hasRoom();
  }

  /** What failed is still wanted, for as long as a wish lasts. */
  function retryLater(key: string, wish: Wish, isWell: boolean): void {
    if (isStopped) return;
    const failures = isWell ? wish.failures + 1 : wish.failures;
    const delayMs = isWell ? Math.min(PROBE_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS) : PROBE_MS;
    // Asked for again meanwhile, perhaps without the extras that were wanted.
    const newer = wishes.get(key) ?? wish;
    const reading = wish.reading.withExtras ? wish.reading : newer.reading;
    wishes.set(key, { ...newer, reading, failures, notBefore: now() + delayMs });
  }

  /** Probes come first, and take turns: or one that fails by itself would keep the breaker open. */
  function mostWanted(): [string, Wish] | undefined {
    const at = now();
    let most: [string, Wish] | undefined;
    let best = -1;
    let probe: [string, Wish] | undefined;
    for (const [key, wish] of wishes) {
      if (at - wish.askedAt > WISH_TTL_MS) {
        wishes.delete(key);
        continue;
      }
      if (at < wish.notBefore || isInFlight(wish.reading)) continue;
      if (!mayRead(wish.lane)) continue;
      if (wish.lane.way.circuit() !== 'CLOSED') {
        if (probe === undefined || wish.notBefore < probe[1].notBefore) probe = [key, wish];
        continue;
      }
      const score = (at - wish.seenAt) * (1 + Math.log2(1 + wish.asks));
      if (score > best) {
        best = score;
        most = [key, wish];
      }
    }
    return probe ?? most;
  }

  return {
    want(reading, seenAt, at = now()) {
      if (isStopped) return;
      const { key } = reading.ref;
      const wish = wishes.get(key);
      if (wish !== undefined) {
        if (reading.withExtras) wish.reading = reading;
        wish.asks += 1;
        wish.askedAt = at;
      } else if (wishes.size < MAX_WISHES) {
        wishes.set(key, {
          reading,
          lane: laneOf(reading),
          seenAt,
          since: at,
          askedAt: at,
          asks: 1,
          failures: 0,
          notBefore: 0,
        });
      }
      // What waits already, or for quota or a probe, is not hastened by asking.
      const mayBeNext = wish === undefined && !isShort && laneOf(reading).way.circuit() === 'CLOSED';
      if (timer === undefined || mayBeNext) void pump();
    },
    isBehind: () => isShort && wishes.size > 0,
    forget({ ref, withExtras }, begunAt) {
      const wish = wishes.get(ref.key);
      if (wish === undefined || wish.since > begunAt) return;
      if (withExtras || !wish.reading.withExtras) wishes.delete(ref.key);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      wishes.clear();
    },
  };
}
