// Which operations take longest, of the last minutes. An operator names them in a list of trusted documents; others are told
// apart by the hash of their document, because whoever sends one chooses its name.

import type { PreparedOperation } from '../../operations/operation.ts';
import { Durations } from './durations.ts';
import type { OperationReport } from './report.ts';

/** Most that are told apart at once; a caller may send as many documents as it cares to write. */
const MAX_KEPT = 200;

const SHOWN = 10;

/** They are of the last five to ten minutes: in points. */
const TURN = 30;

/** What is asked of one that was prepared. */
export type Operation = Pick<PreparedOperation, 'digest' | 'trustedName' | 'type'>;

interface Kept {
  readonly durations: Durations;
  readonly kind: string;
  readonly name: string | null;
  readonly document: string;
  /** It has made room for others. */
  isOver: boolean;
}

export class SlowestOperations {
  readonly #kept = new Map<string, Kept>();
  /** Most operations were prepared before, and are found without their names being put together. */
  readonly #known = new WeakMap<Operation, Kept>();
  #points = 0;

  add(operation: Operation, ms: number): void {
    let kept = this.#known.get(operation);
    if (kept === undefined || kept.isOver) {
      kept = this.#find(operation);
      if (kept === undefined) return;
      this.#known.set(operation, kept);
    }
    kept.durations.add(ms);
  }

  #find({ digest: document, trustedName, type: kind }: Operation): Kept | undefined {
    const name = trustedName ?? null;
    const key = `${document} ${kind} ${trustedName ?? ''}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    if (this.#kept.size >= MAX_KEPT) return undefined;
    const kept = { durations: new Durations(), kind, name, document, isOver: false };
    this.#kept.set(key, kept);
    return kept;
  }

  /** Closes a point of the hour. */
  sample(): void {
    this.#points += 1;
    if (this.#points % TURN !== 0) return;
    for (const [key, kept] of this.#kept) {
      kept.durations.turn();
      kept.isOver = kept.durations.count === 0;
      if (kept.isOver) this.#kept.delete(key);
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
