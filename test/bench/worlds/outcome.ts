// What came of an order in a world.

export interface Outcome {
  /** Answers that were not true when given, of all. */
  readonly untrue: number;
  /** From a change to the read that shows it, and to the first answer that does, in seconds. */
  readonly changeToRead: number;
  readonly changeToAnswer: number;
  readonly changeToAnswerP90: number;
  /** In seconds. */
  readonly meanAge: number;
  /** In rounds: what is wanted ÷ reads a second. */
  readonly longestWait: number;
  readonly reads: number;
  /** Of a limit in each 61 s. */
  readonly quotaUsed: number;
  readonly refused: number;
  /** Answers that could not be had. */
  readonly failed: number;
  /** How many were wanted in the end. */
  readonly wanted: number;
  /** Of all reads, how many found a change, and how many were expected to. */
  readonly changed: number;
  readonly expected: number;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}
