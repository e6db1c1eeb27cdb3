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

/** Refs of one provider that were answered in one way. */
export class Given {
  readonly provider: ProviderName;
  readonly how: How;
  count = 0;
  #agesMs: number[] | undefined;

  constructor(provider: ProviderName, how: How) {
    this.provider = provider;
    this.how = how;
  }

  /** How long ago each of those was seen that may still change, in milliseconds. */
  get agesMs(): readonly number[] {
    return this.#agesMs ?? NONE;
  }

  /** Age and end as a listener is told. */
  add(ageMs: number, isFinal: boolean): void {
    this.count += 1;
    if (Number.isNaN(ageMs) || isFinal) return;
    // Most operations have one. V8 makes room for seventeen in a list that grows from empty.
    if (this.#agesMs === undefined) this.#agesMs = [ageMs];
    else this.#agesMs.push(ageMs);
  }
}

const NONE: readonly number[] = [];

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
