// How much a caller may take in a while: a burst, and then evenly (GCRA, the generic cell rate algorithm). A window that
// begins anew would let twice as much pass around its edge.

import { BadUserInput, CallerRateLimited } from '../invitation/problem.ts';

export interface Rate {
  /** Most that can be taken at once. */
  readonly limit: number;
  /** Takes so many, or none. @returns 0, or in how many milliseconds so many can be taken: Infinity where never. */
  take(id: string, count: number): number;
  /** Takes so many that were had already; what is taken next waits for them. */
  charge(id: string, count: number): void;
}

/** How many callers are told apart. Those beyond share one allowance, because one that is in use is never forgotten. */
const MAX_CALLERS = 100_000;
const OTHERS = '';

/**
 * @param limit How many may be taken in a burst, and evenly in each window.
 * @param now Milliseconds of a clock that never goes back.
 */
export function createRate(limit: number, windowMs: number, now = () => performance.now()): Rate {
  const everyMs = windowMs / limit;
  /** By caller: when all is back that was taken. */
  const fullAt = new Map<string, number>();
  let sweptAt = Number.NEGATIVE_INFINITY;

  /** Forgets those who have everything back. */
  function sweep(at: number): void {
    sweptAt = at;
    for (const [id, time] of fullAt) if (time <= at) fullAt.delete(id);
  }

  function put(id: string, time: number, at: number): void {
    if (!fullAt.has(id) && at - sweptAt >= windowMs) sweep(at);
    fullAt.set(nameOf(id), time);
  }

  function nameOf(id: string): string {
    return fullAt.size < MAX_CALLERS || fullAt.has(id) ? id : OTHERS;
  }

  function fullAtOf(id: string, at: number): number {
    return Math.max(fullAt.get(nameOf(id)) ?? at, at);
  }

  return {
    limit,
    take(id, count) {
      if (count > limit) return Number.POSITIVE_INFINITY;
      const at = now();
      const full = fullAtOf(id, at) + count * everyMs;
      const waitMs = full - at - windowMs;
      // What is left of sums of fractions is no reason to wait.
      if (waitMs > 1e-6) return waitMs;
      put(id, full, at);
      return 0;
    },
    charge(id, count) {
      const at = now();
      put(id, fullAtOf(id, at) + count * everyMs, at);
    },
  };
}

/** @param waitMs In how many milliseconds they can be had. */
export function tooManyRefs(waitMs: number, { limit }: Rate): BadUserInput | CallerRateLimited {
  return waitMs === Number.POSITIVE_INFINITY
    ? new BadUserInput(
        `One operation reads at most ${limit} invitations that the gateway does not have at hand: ask for fewer at once.`,
      )
    : tooFast('You ask for more invitations that the gateway does not have at hand than it allows', waitMs);
}

export function tooManyOperations(waitMs: number): CallerRateLimited {
  return tooFast('You send more operations than the gateway allows', waitMs);
}

function tooFast(what: string, waitMs: number): CallerRateLimited {
  const seconds = Math.ceil(waitMs / 1_000);
  return new CallerRateLimited(`${what}: ask again in ${seconds} s.`, seconds);
}
