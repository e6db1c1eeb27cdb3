// When the breaker opens: half of at least ten calls within the last twenty seconds have failed. Counted by the second,
// on a clock that never goes back. (cockatiel's SamplingBreaker turns one window a call, so that failures of a minute
// ago still count where there are few calls.)

import { CircuitState, type IBreaker } from 'cockatiel';

const SPAN_SECONDS = 20;
const LEAST_CALLS = 10;
const SHARE = 0.5;

interface Second {
  at: number;
  calls: number;
  failures: number;
}

/** @param now Milliseconds of a clock that never goes back. */
export function createFailureRate(now: () => number = () => performance.now()): IBreaker {
  let seconds: Second[] = [];

  function count(failures: 0 | 1): void {
    const at = Math.floor(now() / 1_000);
    let current = seconds.at(-1);
    if (current?.at !== at) {
      seconds = seconds.filter((second) => second.at > at - SPAN_SECONDS);
      current = { at, calls: 0, failures: 0 };
      seconds.push(current);
    }
    current.calls += 1;
    current.failures += failures;
  }

  return {
    state: undefined,
    success(circuit) {
      // A probe that came through: what was before is over.
      if (circuit !== CircuitState.Closed) seconds = [];
      count(0);
    },
    failure(circuit) {
      count(1);
      if (circuit !== CircuitState.Closed) return true;
      const calls = seconds.reduce((sum, second) => sum + second.calls, 0);
      const failures = seconds.reduce((sum, second) => sum + second.failures, 0);
      return calls >= LEAST_CALLS && failures >= calls * SHARE;
    },
  };
}
