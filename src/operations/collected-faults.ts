// What failed in one run of an operation. Nothing is kept of a place that is null already because of something else.

import type { GraphQLResolveInfo } from 'graphql';
import type { FieldFault } from './errors.ts';

type Path = GraphQLResolveInfo['path'];

export class CollectedFaults {
  readonly faults: FieldFault[] = [];
  #places: Set<Path | undefined> | undefined;

  add(fault: FieldFault, path: Path | undefined): void {
    if (this.#isNull(path)) return;
    this.#places ??= new Set();
    this.#places.add(path);
    this.faults.push(fault);
  }

  /** The same where nothing is below the place that could fail as well. */
  addLast(fault: FieldFault, path: Path): void {
    if (!this.#isNull(path)) this.faults.push(fault);
  }

  #isNull(path: Path | undefined): boolean {
    if (this.#places === undefined) return false;
    for (let place = path; place !== undefined; place = place.prev) if (this.#places.has(place)) return true;
    return this.#places.has(undefined);
  }
}
