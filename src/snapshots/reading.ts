// What is read, and for which caller.

import { kindOf } from '../invitation/kinds.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Cancellation } from '../upstream/cancellation.ts';
import type { Payment } from '../upstream/payment.ts';
import type { Span } from '../upstream/span.ts';
import type { ReadNote } from './read-note.ts';

export interface Reading {
  readonly ref: Ref;
  readonly withExtras: boolean;
}

/** Where a kind has no extras, a read that wants them is the same as one that does not. */
export function readingOf(ref: Ref, withExtras: boolean): Reading {
  return { ref, withExtras: withExtras && kindOf(ref).extras !== null };
}

/** Who waits for it. */
export interface Asker {
  readonly caller: Cancellation;
  readonly payment: Payment;
  /** The oldest answer that will do, in milliseconds; null leaves it to the gateway. */
  readonly maxAgeMs: number | null;
  /** Of what waits, where that is traced. */
  readonly span?: Span | undefined;
  /** Of the notification that it is read for, where that is traced. */
  readonly cause?: Span | undefined;
  /** Told when a read begins that is made for this one, and not for another. */
  readonly note?: Pick<ReadNote, 'begun'> | undefined;
}
