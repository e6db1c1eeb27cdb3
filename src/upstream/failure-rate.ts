// When the breaker opens: half of at least ten calls within the last twenty seconds have failed. Counted by the second,
// on a clock that never goes back.

const SPAN_SECONDS = 20;
const LEAST_CALLS = 10;
const SHARE = 0.5;

interface Second {
  readonly at: number;
  calls: number;
  failures: number;
}

export interface FailureRate {
  /** Counts one call, and whether it failed. */
  count(failures: 0 | 1): void;
  areTooMany(): boolean;
  clear(): void;
}

export function createFailureRate(): FailureRate {
  let seconds: Second[] = [];

  return {
    count(failures) {
      const at = Math.floor(performance.now() / 1_000);
      let current = seconds.at(-1);
      if (current?.at !== at) {
        seconds = seconds.filter((second) => second.at > at - SPAN_SECONDS);
        current = { at, calls: 0, failures: 0 };
        seconds.push(current);
      }
      current.calls += 1;
      current.failures += failures;
    },
    areTooMany() {
      const calls = seconds.reduce((sum, second) => sum + second.calls, 0);
      const failures = seconds.reduce((sum, second) => sum + second.failures, 0);
      return calls >= LEAST_CALLS && failures >= calls * SHARE;
    },
    clear() {
      seconds = [];
    },
  };
}
