// For whom a call is made, which says how its quota is taken: out of which share, and how long it waits.

import type { Span } from './span.ts';

export interface Payment {
  readonly how: PaymentKind;
  /** Names the caller in the books of the quota; background work has no name. */
  readonly caller: string;
  /** The spans that wait for the call, if any does; they are all there once it is over. */
  readonly spans?: CallSpans;
}

export interface CallSpans {
  /** Of what pays. */
  readonly payer: Span | undefined;
  /** Of what waits for the same call, and of a notification that has caused it. */
  readonly others: readonly Span[];
}

/** A call that is not paid for yet; `payment` is undefined where nothing counts it. */
export interface Unpaid {
  readonly payment: Payment | undefined;
}

/**
 * - `caller`: by a caller that waits for it.
 * - `insistent`: by a caller that insists on a newer answer than is known; such callers get a share of what callers get.
 * - `spare`: for a caller that has an older answer; it gets what background work may have, and does not wait.
 * - `background`: by background work, out of what such work may have; it waits a little.
 * - `prepaid`: it was taken just now, for a call that is made at once (a background read). Where that is too long ago when
 *   the request can be written, it is taken again as for `background`.
 */
export type PaymentKind = 'caller' | 'insistent' | 'spare' | 'background' | 'prepaid';

export const BACKGROUND: Payment = { how: 'background', caller: '' };
export const PREPAID: Payment = { how: 'prepaid', caller: '' };

/** Whether it is paid out of what callers leave. */
export function isSpare({ how }: Payment): boolean {
  return how !== 'caller' && how !== 'insistent';
}
