// What is read, and for whom.

import type { Ref } from '../invitation/ref.ts';
import type { Cancellation } from '../upstream/cancellation.ts';
import type { Payment } from '../upstream/upstream.ts';

export interface Reading {
  /** What it is kept under; whoever wants the same key waits for the same read. */
  readonly key: string;
  readonly ref: Ref;
  readonly withIcalendar: boolean;
}

/** Where there is no ICS to bring, a read that wants it is the same as one that does not. */
export function readingOf(ref: Ref, withIcalendar: boolean): Reading {
  const key = withIcalendar ? ref.keyWithIcalendar : ref.key;
  return { key, ref, withIcalendar: key !== ref.key };
}

/** Who waits for it. */
export interface Asker {
  readonly caller: Cancellation;
  readonly payment: Payment;
  /** The oldest answer that will do, in milliseconds; null leaves it to the gateway. */
  readonly maxAgeMs: number | null;
}
