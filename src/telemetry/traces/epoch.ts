// The clock that never goes back → the time of day, as spans have it. All by one difference, so that a span lies within
// its parent: the SDK takes one for each span, and is off by a millisecond from one to the next.

/** The time of day may be so far from what was measured before it is measured anew, in milliseconds. */
const TOLERANCE_MS = 5;

const EVERY_MS = 100;

export interface Epoch {
  /** Milliseconds since 1970, for what `performance.now()` was. */
  at(time: number): number;
  /** Looks whether the time of day was set meanwhile, now and then. @param now What `performance.now()` is. */
  renew(now: number): void;
}

export function createEpoch(): Epoch {
  let difference = Date.now() - performance.now();
  let lookedAt = performance.now();
  return {
    at: (time) => time + difference,
    renew(now) {
      if (now - lookedAt < EVERY_MS) return;
      lookedAt = now;
      const measured = Date.now() - performance.now();
      if (Math.abs(measured - difference) > TOLERANCE_MS) difference = measured;
    },
  };
}
