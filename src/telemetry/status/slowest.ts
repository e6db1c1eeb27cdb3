// Which operations take longest, of the last minutes. An operator names them in a list of trusted documents; others are told
// apart by the hash of their document, because whoever sends one chooses its name.

import { Durations } from './durations.ts';
import type { OperationReport } from './report.ts';

/** Most that are told apart at once; a caller may send as many documents as it cares to write. */
const MAX_KEPT = 200;

const SHOWN = 10;

/** They are of the last five to ten minutes: in points. */
const TURN = 30;

interface Kept {
  readonly durations: Durations;
  readonly kind: string;
  readonly name: string | null;
  readonly document: string;
}

export class SlowestOperations {
  readonly #kept = new Map<string, Kept>();
  #points = 0;

  /** @param document The first characters of its hash. */
  add(document: string, name: string | null, kind: string, ms: number): void {
    const key = `${document} ${kind} ${name ?? ''}`;
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      if (this.#kept.size >= MAX_KEPT) return;
      kept = { durations: new Durations(), kind, name, document };
      this.#kept.set(key, kept);
    }
    kept.durations.add(ms);
  }

  /** Closes a point of the hour. */
  sample(): void {
    this.#points += 1;
    if (this.#points % TURN !== 0) return;
    for (const [key, { durations }] of this.#kept) {
      durations.turn();
      if (durations.count === 0) this.#kept.delete(key);
    }
  }

  /** The slowest first. */
  get report(): readonly OperationReport[] {
    return [...this.#kept.values()]
      .map(({ durations, kind, name, document }) => ({
        name,
        document,
        kind,
        count: durations.count,
        meanMs: durations.meanMs ?? 0,
        p99Ms: durations.quantileMs(0.99) ?? 0,
      }))
      .sort((a, b) => b.p99Ms - a.p99Ms || b.meanMs - a.meanMs)
      .slice(0, SHOWN);
  }
}
