// How figures are made of many measurements, and shown.

/** The middle one of several, in the order of what `by` makes of each. */
export function middle<T>(values: readonly T[], by: (value: T) => number): T {
  const value = values.toSorted((a, b) => by(a) - by(b))[Math.floor(values.length / 2)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
