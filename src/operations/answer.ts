// What a request gets.

import type { AnswerError } from './errors.ts';

/** No data where its operation never ran. */
export interface Answer {
  readonly errors?: readonly AnswerError[];
  readonly data?: Readonly<Record<string, unknown>> | null;
}

export type MaybePromise<T> = T | Promise<T>;
