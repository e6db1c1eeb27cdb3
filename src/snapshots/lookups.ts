// Asks what other processes have seen, and keeps it: one question for everybody who wants to know at the same time.

import type { Ref } from '../invitation/ref.ts';
import type { SharedSnapshot } from './codec.ts';
import type { SharedTier } from './redis-tier.ts';

/** @returns a function that resolves when what others have seen of the ref is known here, where they have seen it. */
export function createLookups(
  shared: Pick<SharedTier, 'find'>,
  adopt: (snapshot: SharedSnapshot) => void,
): (ref: Ref) => Promise<void> {
  const underWay = new Map<string, Promise<void>>();

  return (ref) => {
    const asked = underWay.get(ref.key);
    if (asked !== undefined) return asked;
    const lookup = shared
      .find(ref)
      .then((found) => {
        if (found !== undefined) adopt(found);
      })
      .finally(() => underWay.delete(ref.key));
    underWay.set(ref.key, lookup);
    return lookup;
  };
}
