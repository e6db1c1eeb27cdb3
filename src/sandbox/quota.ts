// A provider's quota: so many calls in each fixed window.

export interface QuotaWindow {
  readonly limit: number;
  readonly windowMs: number;
}

/** Gives a function that counts a call and says whether every window still allowed it. */
export function createQuota(
  windows: readonly QuotaWindow[],
  now: () => number = () => performance.now(),
): () => boolean {
  const counters = windows.map((window) => ({ ...window, startedAt: Number.NEGATIVE_INFINITY, used: 0 }));
  return () => {
    for (const counter of counters) {
      if (now() - counter.startedAt >= counter.windowMs) {
        counter.startedAt = now();
        counter.used = 0;
      }
      counter.used += 1;
    }
    return counters.every((counter) => counter.used <= counter.limit);
  };
}
