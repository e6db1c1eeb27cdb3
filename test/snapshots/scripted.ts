// Reads of one invitation that give what a test says, as late as it says, on a clock that the test sets.

import { afterEach, beforeEach, vi } from 'vitest';
import type { ReviewInvitation } from '../../src/invitation/review-invitation.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { createFakeSource, type FakeSource, refTo, review, snapshotsOf, useClock } from './source.ts';

export const one = refTo('one');

interface World {
  source: FakeSource;
  all: ReturnType<typeof snapshotsOf>;
  /** The answer of each read in turn, and how long it takes. */
  script: (readonly [ms: number, status: ReviewInvitation['deliveryStatus'] | null])[];
  readonly startedAt: number;
}

/** For all tests of a file: a world each. */
export function useScript() {
  let world: World;
  beforeEach(() => {
    useClock();
    const source = createFakeSource();
    source.answer = async () => {
      const [ms, status] = world.script[source.reads.length - 1] ?? [0, 'UNKNOWN'];
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      return status && review(one, status);
    };
    world = { source, all: snapshotsOf(source), script: [], startedAt: performance.now() };
  });
  afterEach(() => vi.useRealTimers());

  return {
    world: () => world,
    /** When each read began, in milliseconds from the start. */
    times: () => world.source.reads.map(({ atMs }) => Math.round(atMs - world.startedAt)),
    ask: (maxAgeMs?: number, caller = new Cancellation()) =>
      world.all.ask(one, { caller, ...(maxAgeMs === undefined ? {} : { maxAgeMs }) }),
  };
}
