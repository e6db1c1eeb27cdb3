// How many retries are allowed: a fifth of the calls made, and one a second, counted over ten seconds. Where a provider
// fails altogether, retries cannot multiply what it is asked for.

export interface RetryBudget {
  /** Counts a first attempt that was made. */
  earn(): void;
  /** Whether one retry may be made; it is counted if so. */
  spend(): boolean;
}

const SHARE = 0.2;
const PER_SECOND = 1;
const SPAN_MS = 10_000;

/** @param now Milliseconds of a clock that never goes back. */
export function createRetryBudget(now: () => number = () => performance.now()): RetryBudget {
  const most = () => (SPAN_MS / 1_000) * PER_SECOND + earned;
  let earned = 0;
  let balance = (SPAN_MS / 1_000) * PER_SECOND;
  let at = now();

  // What was earned by calls fades within the span; what is earned by time fills up again.
  function settle(): void {
    const passedMs = now() - at;
    at += passedMs;
    earned *= Math.max(0, 1 - passedMs / SPAN_MS);
    balance = Math.min(most(), balance + (passedMs / 1_000) * PER_SECOND);
  }

  return {
    earn() {
      settle();
      earned += SHARE;
      balance = Math.min(most(), balance + SHARE);
    },
    spend() {
      settle();
      if (balance < 1) return false;
      balance -= 1;
      return true;
    },
  };
}
