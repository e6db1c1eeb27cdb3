// What is given in place of a newer answer: the old one, and when.

import type { Snapshot, Staleness } from '../invitation/snapshot.ts';
import { type Entry, markStale } from './entry.ts';
import { stalenessOf, TOO_SLOW } from './staleness.ts';

/** What may be given where no newer one is to be had. */
export type Found = Entry & { readonly snapshot: Snapshot };

/** A time to try again that is over says nothing. */
export function current(staleness: Staleness): Staleness {
  const { reason, retryAt } = staleness;
  return retryAt !== null && retryAt.getTime() <= Date.now() ? { reason, retryAt: null } : staleness;
}

/** The old one, because there is no other now; subscribers get it again when it is confirmed. */
export function giveOld(entry: Found, staleness: Staleness): Snapshot {
  markStale(entry, staleness);
  return { ...entry.snapshot, staleness };
}

/** The read's answer, or the old one, where there is one to give and the read takes too long or the provider cannot be asked. */
export function within(
  patienceMs: number,
  read: Promise<Snapshot | null>,
  giveOld: (staleness: Staleness) => Snapshot | null | undefined,
): Promise<Snapshot | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const old = giveOld(TOO_SLOW);
      if (old !== undefined) resolve(old);
    }, patienceMs);
    read
      .finally(() => clearTimeout(timer))
      .then(resolve, (error: unknown) => {
        const staleness = stalenessOf(error);
        const old = staleness === null ? undefined : giveOld(staleness);
        if (old === undefined) reject(error);
        else resolve(old);
      });
  });
}
