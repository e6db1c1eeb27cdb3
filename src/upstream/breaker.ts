// Whether a provider is called at all. Closed, it is, until too many calls fail (failure-rate.ts). Open, it is not, until
// one call is let through as a probe, first after five seconds and then every nine. What becomes of the probe closes the
// breaker or opens it again. Callers have a provider back within ten seconds of its recovery: nine count from when a probe
// begins, because one that hangs would be added to them, and leave one for the read.

import { createFailureRate } from './failure-rate.ts';

export type Circuit = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

/** From one change of the circuit to the next. What was begun in an earlier period says nothing of this one. */
export type Period = number;

export interface Breaker {
  circuit(): Circuit;
  /** Asked before each attempt. @returns the period it is begun in; undefined where it must not be made. */
  enter(): Period | undefined;
  /** An attempt was answered. */
  answered(period: Period): void;
  /** An attempt failed because the provider is failing. */
  failed(period: Period): void;
  /** An attempt ended without telling anything of the provider. */
  ended(period: Period): void;
  /** Told whenever the circuit changes. */
  onChange(listener: () => void): void;
}

const FIRST_PROBE_MS = 5_000;
const NEXT_PROBE_MS = 9_000;

export function createBreaker(): Breaker {
  const failures = createFailureRate();
  const listeners: (() => void)[] = [];
  let circuit: Circuit = 'CLOSED';
  let period: Period = 0;
  let probeAt = 0;

  function become(next: Circuit): void {
    circuit = next;
    period += 1;
    for (const listener of listeners) listener();
  }

  return {
    circuit: () => circuit,
    enter() {
      if (circuit === 'HALF_OPEN') return undefined;
      if (circuit === 'OPEN') {
        if (performance.now() < probeAt) return undefined;
        probeAt = performance.now() + NEXT_PROBE_MS;
        become('HALF_OPEN');
      }
      return period;
    },
    answered(begun) {
      if (begun !== period) return;
      if (circuit === 'HALF_OPEN') {
        failures.clear();
        become('CLOSED');
      }
      failures.count(0);
    },
    failed(begun) {
      if (begun !== period) return;
      if (circuit === 'HALF_OPEN') return become('OPEN');
      failures.count(1);
      if (!failures.areTooMany()) return;
      probeAt = performance.now() + FIRST_PROBE_MS;
      become('OPEN');
    },
    ended(begun) {
      // A probe that tells nothing must not close the breaker.
      if (begun === period && circuit === 'HALF_OPEN') become('OPEN');
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
