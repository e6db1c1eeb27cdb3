// What reads find, held against what was expected: how often states of each class change, learned from every read of this
// process and of others, and how many changes were expected against how many were found. Where the two part, what is
// learned is wrong.

import { Evidence } from '../order/evidence.ts';
import type { Sight } from './sight.ts';
import { wordOf } from './state-class.ts';

/** Of this process's reads of what was known before. */
export interface Foresight {
  readonly reads: number;
  /** How many found a change that no notification told of. */
  readonly changed: number;
  /** How many were expected to. */
  readonly expected: number;
}

export class Learning {
  readonly evidence: Evidence;
  readonly #foresight = { reads: 0, changed: 0, expected: 0 };

  constructor(evidence = new Evidence()) {
    this.evidence = evidence;
  }

  get foresight(): Foresight {
    return { ...this.#foresight };
  }

  /** Learns from what a read has seen. */
  note({ before, entry, isSame, byUs }: Pick<Sight, 'before' | 'entry' | 'isSame' | 'byUs'>): void {
    // What a notification told of is no news to a read, and says nothing of how often reads find any.
    if (before === undefined || before.heardAt !== undefined) return;
    const { state, sinceAt } = before;
    const [fromMs, toMs] = [before.seenAt - sinceAt, entry.seenAt - sinceAt];
    // Where only its time has come, that is known without learning.
    const isOver = entry.snapshot?.isFinal && before.snapshot && wordOf(entry.snapshot) === wordOf(before.snapshot);
    const hasChanged = !isSame && !isOver;
    if (byUs) {
      this.#foresight.reads += 1;
      this.#foresight.changed += hasChanged ? 1 : 0;
      this.#foresight.expected += -Math.expm1(-this.evidence.expected(state, fromMs, toMs));
    }
    this.evidence.note({ state, fromMs, toMs, hasChanged, at: entry.seenAt });
  }
}
