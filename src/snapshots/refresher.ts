// Reads again, behind the callers' backs, what they were given older than fresh: as much as one account's quota leaves
// for background work, and what matters most first. What matters is age, and a little how often it was asked for: so
// everything asked for comes round, and nobody gets more of it by asking more.

import type { Ref } from '../invitation/ref.ts';
import type { Upstream } from '../upstream/upstream.ts';

export interface Wanted {
  readonly ref: Ref;
  readonly withIcalendar: boolean;
  /** When the answer that callers are given was seen; -Infinity where there is none. */
  readonly seenAt: number;
}

export interface Refresher {
  /** Asks for a read of `key` when the quota allows; asking again makes it matter more. */
  want(key: string, wanted: Wanted): void;
  /** Whether the quota is too short for what is wanted already: whoever comes now is not to be served before. */
  isBehind(): boolean;
  /** Takes back a wish that something else has fulfilled. */
  forget(key: string): void;
}

/** A wish that nobody has repeated for so long is dropped, in milliseconds: nobody looks any more. */
const WISH_TTL_MS = 60_000;

/** Most wishes that are kept; further ones are not heard until some are fulfilled. */
const MAX_WISHES = 20_000;

/** While the breaker is not closed, how often a read is tried, in milliseconds: it is the probe. */
const PROBE_MS = 1_000;

/** How long another process is given to read what it has claimed, in milliseconds. */
const CLAIMED_MS = 2_000;

/**
 * Part of a window's calls that may be made in one go. What goes beyond is spread evenly: a burst comes again a window
 * later, when all its calls count no more, and a provider that hears half of it late counts more than its limit.
 */
const BURST_SHARE = 0.2;

interface Wish extends Wanted {
  askedAt: number;
  asks: number;
  /** After a read that failed, or while another process has claimed it: not before this, unless somebody asks. */
  notBefore: number;
}

export interface RefresherOptions {
  /** Reads what is wanted, and says whether that is settled; its quota has been taken. It never rejects. */
  readonly read: (key: string, wanted: Wanted) => Promise<boolean>;
  /** Whether this process is the one to read it, where there are others. */
  readonly claim?: (ref: Ref) => Promise<boolean>;
  readonly now: () => number;
}

export function createRefresher(
  upstream: Pick<Upstream, 'quota' | 'policy'>,
  { read, claim, now }: RefresherOptions,
): Refresher {
  const wishes = new Map<string, Wish>();
  let timer: NodeJS.Timeout | undefined;
  let reading = 0;
  let isPumping = false;
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
      const most = mostWanted();
      if (most === undefined) {
        if (wishes.size > 0) wait(PROBE_MS);
        return;
      }
      const earlyMs = evenlyAt - now();
      if (earlyMs > burstMs) {
        wait(earlyMs - burstMs);
        return;
      }
      const [key, wish] = most;
      if (claim !== undefined && !(await claim(wish.ref))) {
        // Whoever reads it shares it; where that does not come, it is still wanted.
        wish.notBefore = now() + CLAIMED_MS;
        continue;
      }
      if (wishes.get(key) !== wish) continue;
      const taken = upstream.policy.hasRoom() ? upstream.quota.takeInBackground() : PROBE_MS;
      // Only a shared quota has to be waited for.
      const delayMs = typeof taken === 'number' ? taken : await taken;
      if (delayMs > 0) {
        // What the quota held back is not made up for in a burst.
        evenlyAt = Math.max(evenlyAt, now() + delayMs + burstMs - everyMs);
        wait(delayMs);
        return;
      }
      wishes.delete(key);
      evenlyAt = Math.max(evenlyAt, now()) + everyMs;
      reading += 1;
      void read(key, wish).then((isRead) => {
        reading -= 1;
        // What failed is still wanted, for as long as a wish lasts; but it goes to the end of the line, or it would
        // keep everything else from being read.
        if (!isRead) wishes.set(key, { ...(wishes.get(key) ?? wish), seenAt: now(), notBefore: now() + PROBE_MS });
        if (isProbe && upstream.policy.circuit() !== 'CLOSED') wait(PROBE_MS);
        else void pump();
      });
    }
  }

  function mostWanted(): [string, Wish] | undefined {
    const at = now();
    let most: [string, Wish] | undefined;
    let best = -1;
    for (const [key, wish] of wishes) {
      if (at - wish.askedAt > WISH_TTL_MS) {
        wishes.delete(key);
        continue;
      }
      if (at < wish.notBefore) continue;
      const score = (at - wish.seenAt) * (1 + Math.log2(1 + wish.asks));
      if (score > best) {
        best = score;
        most = [key, wish];
      }
    }
    return most;
  }

  return {
    want(key, wanted) {
      const wish = wishes.get(key);
      const isDelayed = wish !== undefined && wish.notBefore > now();
      if (wish !== undefined) {
        wish.asks += 1;
        wish.askedAt = now();
        wish.notBefore = 0;
      } else if (wishes.size < MAX_WISHES) {
        wishes.set(key, { ...wanted, asks: 1, askedAt: now(), notBefore: 0 });
      }
      if (timer === undefined || (isDelayed && upstream.policy.circuit() === 'CLOSED')) void pump();
    },
    isBehind: () => wishes.size > 0,
    forget: (key) => void wishes.delete(key),
  };
}
