// How figures are made of many measurements, and shown.

/** The middle one of several, in the order of what `by` makes of each. */
export function middle<T>(values: readonly T[], by: (value: T) => number): T {
  const value = values.toSorted((a, b) => by(a) - by(b))[Math.floor(values.length / 2)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

/** What all but a hundredth of the values are below. */
export function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
