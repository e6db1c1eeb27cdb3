// What failed in one run of an operation. Nothing is kept of a place that is null already because of something else. What
// the errors weigh has a limit, because a list of refs under many long aliases fails at each of its entries.

import type { GraphQLResolveInfo } from 'graphql';
import { OverLimit } from '../invitation/problem.ts';
import type { FieldFault } from './errors.ts';

type Path = GraphQLResolveInfo['path'];

/** Most bytes of errors in one answer: about 4,000 of them. */
const MAX_BYTES = 1024 * 1024;

/** About what an error is in JSON beside its message, its locations and the names in its path. */
const BYTES_PER_FAULT = 120;
const BYTES_PER_LOCATION = 26;

export class CollectedFaults {
  readonly faults: FieldFault[] = [];
  #places: Set<Path | undefined> | undefined;
  #bytes = 0;
  #count = 0;

  add(fault: FieldFault, path: Path | undefined): void {
    if (this.#isNull(path)) return;
    this.#places ??= new Set();
    this.#places.add(path);
    this.#keep(fault);
  }

  /** The same where nothing is below the place that could fail as well. */
  addLast(fault: FieldFault, path: Path): void {
    if (!this.#isNull(path)) this.#keep(fault);
  }

  /**
   * Set where there are more than an answer may hold. Then those in `faults` are the first ones, and places are null that
   * none of them names, so that nothing else of the answer may be given: null alone says that there is nothing.
   */
  get excess(): OverLimit | undefined {
    if (this.#count === this.faults.length) return undefined;
    return new OverLimit(
      'weight',
      `The operation has ${this.#count} errors, which weigh more than the ${MAX_BYTES / 1024 / 1024} MB that errors may: ask for less at once.`,
    );
  }

  #keep(fault: FieldFault): void {
    this.#count += 1;
    if (this.#bytes > MAX_BYTES) return;
    this.#bytes += bytesOf(fault);
    if (this.#bytes <= MAX_BYTES) this.faults.push(fault);
  }

  #isNull(path: Path | undefined): boolean {
    if (this.#places === undefined) return false;
    for (let place = path; place !== undefined; place = place.prev) if (this.#places.has(place)) return true;
    return this.#places.has(undefined);
  }
}

function bytesOf({ error, nodes = [], path = [] }: FieldFault): number {
  let bytes = BYTES_PER_FAULT + BYTES_PER_LOCATION * nodes.length;
  if (error instanceof Error) bytes += error.message.length;
  for (const key of path) bytes += typeof key === 'string' ? key.length + 3 : 4;
  return bytes;
}
