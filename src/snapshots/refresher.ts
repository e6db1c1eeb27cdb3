// Reads again, in the background, what callers were given older than fresh: as much as one account's quota leaves
// for background work, and what matters most first. What matters is age, and a little how often it was asked for: so
// everything that is asked for is read in turn, and no caller gets more reads by asking more.

import type { Ref } from '../invitation/ref.ts';
import type { Upstream } from '../upstream/upstream.ts';
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
}

/** A wish that was not repeated for so long is dropped, in milliseconds: no caller asks for it any more. */
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
  readonly seenAt: number;
  readonly since: number;
  askedAt: number;
  asks: number;
  /** How often in a row its read has failed, the provider being well. */
  failures: number;
  /** After a read that failed, or while another process has claimed it: not before this. */
  notBefore: number;
}

export interface RefresherOptions {
  /** Reads what is wanted, and says whether that is settled. It never rejects. */
  readonly read: (reading: Reading, payment: 'prepaid' | 'caller') => Promise<boolean>;
  /** Whether such a read is in flight already. */
  readonly isInFlight: (reading: Reading) => boolean;
  /** Whether this process is the one to read it, where there are others. */
  readonly claim?: (ref: Ref) => Promise<boolean>;
  readonly now: () => number;
}

export function createRefresher(
  upstream: Pick<Upstream, 'quota' | 'policy'>,
  { read, isInFlight, claim, now }: RefresherOptions,
): Refresher {
  const wishes = new Map<string, Wish>();
  let timer: NodeJS.Timeout | undefined;
  let reading = 0;
  let isPumping = false;
  /** There was no quota for the last one that could have been read. */
  let isShort = false;
  /** Something was wanted while the pump was at work. */
  let hasMore = false;
  /** When the next read would be made if all were spread evenly. */
  let evenlyAt = Number.NEGATIVE_INFINITY;

  const { everyMs, limit } = upstream.quota.pace;
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
      const isProbe = upstream.policy.circuit() !== 'CLOSED';
      // When a read ends, the pump is started again.
      if (reading > 0 && (isProbe || !upstream.policy.hasRoom())) return;
      const most = mostWanted(isProbe);
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
      if (!upstream.policy.hasRoom()) {
        wait(PROBE_MS);
        return;
      }
      // A probe that the breaker does not let through is not to cost anything, so that it pays when it is made.
      const taken = isProbe ? 0 : upstream.quota.takeInBackground();
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
      evenlyAt = Math.max(evenlyAt, now()) + everyMs;
      reading += 1;
      void read(wish.reading, isProbe ? 'caller' : 'prepaid').then((isRead) => {
        reading -= 1;
        const isWell = upstream.policy.circuit() === 'CLOSED';
        if (!isRead) retryLater(key, wish, isWell);
        if (isProbe && !isWell) wait(PROBE_MS);
        else void pump();
      });
    }
  }

  /** What failed is still wanted, for as long as a wish lasts. */
  function retryLater(key: string, wish: Wish, isWell: boolean): void {
    const failures = isWell ? wish.failures + 1 : wish.failures;
    const delayMs = isWell ? Math.min(PROBE_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS) : PROBE_MS;
    // Asked for again meanwhile, perhaps without the extras that were wanted.
    const newer = wishes.get(key) ?? wish;
    const reading = wish.reading.withExtras ? wish.reading : newer.reading;
    wishes.set(key, { ...newer, reading, failures, notBefore: now() + delayMs });
  }

  /** Probes take turns, or one that fails by itself would keep the breaker open. */
  function mostWanted(isProbe: boolean): [string, Wish] | undefined {
    const at = now();
    let most: [string, Wish] | undefined;
    let best = -1;
    for (const [key, wish] of wishes) {
      if (at - wish.askedAt > WISH_TTL_MS) {
        wishes.delete(key);
        continue;
      }
      if (at < wish.notBefore || isInFlight(wish.reading)) continue;
      const score = isProbe ? at - wish.notBefore : (at - wish.seenAt) * (1 + Math.log2(1 + wish.asks));
      if (score > best) {
        best = score;
        most = [key, wish];
      }
    }
    return most;
  }

  return {
    want(reading, seenAt, at = now()) {
      const { key } = reading.ref;
      const wish = wishes.get(key);
      if (wish !== undefined) {
        if (reading.withExtras) wish.reading = reading;
        wish.asks += 1;
        wish.askedAt = at;
      } else if (wishes.size < MAX_WISHES) {
        wishes.set(key, { reading, seenAt, since: at, askedAt: at, asks: 1, failures: 0, notBefore: 0 });
      }
      // What waits already, or for quota or a probe, is not hastened by asking.
      const mayBeNext = wish === undefined && !isShort && upstream.policy.circuit() === 'CLOSED';
      if (timer === undefined || mayBeNext) void pump();
    },
    isBehind: () => isShort && wishes.size > 0,
    forget({ ref, withExtras }, begunAt) {
      const wish = wishes.get(ref.key);
      if (wish === undefined || wish.since > begunAt) return;
      if (withExtras || !wish.reading.withExtras) wishes.delete(ref.key);
    },
  };
}
