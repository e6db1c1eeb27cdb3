// How each ref of an operation is answered, for whoever counts.

import type { ProviderName } from '../invitation/provider.ts';
import type { Span } from '../upstream/span.ts';

/**
 * - `fresh`: at once, from what is kept.
 * - `stale_while_revalidate`: at once, and read again in the background.
 * - `stale`: an older one, because no newer one could be had in time.
 * - `joined`: by a read that another caller, or background work, had begun.
 * - `waited`, `miss`: by a read of its own, where an older one was kept and where none was.
 * - `not_found`: there is none.
 * - `not_granted`: the viewer may see nothing of it.
 * - `failed`: by an error.
 */
export const HOWS = [
  'fresh',
  'stale_while_revalidate',
  'stale',
  'joined',
  'waited',
  'miss',
  'not_found',
  'not_granted',
  'failed',
] as const;

export type How = (typeof HOWS)[number];

/** How refs of one provider were answered. */
export class Given {
  readonly provider: ProviderName;
  readonly counts: Record<How, number> = {
    fresh: 0,
    stale_while_revalidate: 0,
    stale: 0,
    joined: 0,
    waited: 0,
    miss: 0,
    not_found: 0,
    not_granted: 0,
    failed: 0,
  };
  /** How long ago each of those was seen that may still change, in milliseconds. */
  readonly agesMs: number[] = [];

  constructor(provider: ProviderName) {
    this.provider = provider;
  }

  /** As a listener is told. */
  add(how: How, ageMs: number, isFinal: boolean): void {
    this.counts[how] += 1;
    if (!Number.isNaN(ageMs) && !isFinal) this.agesMs.push(ageMs);
  }
}

export interface GivenListener {
  /** Of what asks, where that is traced. */
  readonly span?: Span | undefined;
  /**
   * @param ageMs How long ago it was seen; NaN where nothing is given.
   * @param isFinal It will not change any more, however long ago it was seen. Told of what is `fresh`.
   */
  given(provider: ProviderName, how: How, ageMs: number, isFinal?: boolean): void;
  /** Told when a read begins that is made for this operation, and not for another. */
  readBegun?(): void;
}
