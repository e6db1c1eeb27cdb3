// The last hour of some figures, a point each ten seconds, in one array of fixed size: what it holds does not grow with what
// is counted. Older points are overwritten.

/** From one point to the next, in milliseconds. */
export const POINT_MS = 10_000;

/** Points that are held: an hour of them. */
export const POINTS = 360;

export class Hour<Name extends string> {
  readonly #names: readonly Name[];
  readonly #values: Float32Array;
  /** How many points there have been. */
  #made = 0;

  constructor(names: readonly Name[]) {
    this.#names = names;
    this.#values = new Float32Array(names.length * POINTS);
  }

  /** How many points are held. */
  get length(): number {
    return Math.min(this.#made, POINTS);
  }

  add(point: Readonly<Record<Name, number>>): void {
    const from = (this.#made % POINTS) * this.#names.length;
    for (const [place, name] of this.#names.entries()) this.#values[from + place] = point[name];
    this.#made += 1;
  }

  /** The newest points of one figure, the oldest of them first. */
  series(name: Name, points = POINTS): number[] {
    const place = this.#names.indexOf(name);
    const count = Math.min(points, this.length);
    return Array.from({ length: count }, (_, n) => {
      const point = (this.#made - count + n) % POINTS;
      return this.#values[point * this.#names.length + place] ?? 0;
    });
  }

  sum(name: Name, points = POINTS): number {
    return this.series(name, points).reduce((all, each) => all + each, 0);
  }
}
