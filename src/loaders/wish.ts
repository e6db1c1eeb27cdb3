// What a field asks a loader for.

import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';

export interface Wish<R extends Ref = Ref> extends Wanted {
  readonly ref: R;
}

/** What is the same for all refs that a field names. */
export interface Wanted {
  /** The oldest answer that will do, in milliseconds; null leaves it to the gateway. */
  readonly maxAgeMs: number | null;
  readonly selection: Selection;
}

/** What is wanted of an invitation. */
export interface Selection {
  /** Whether the extras of its kind are wanted. */
  readonly withExtras: boolean;
  /** About how many bytes of the answer it makes; it may stop counting past `most`. */
  weigh(snapshot: Snapshot, most: number): number;
}
