// Documents in which the same is asked for often.

/** So many selections, one after the other. */
export function many(count: number, textOf: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => textOf(n)).join(' ');
}
