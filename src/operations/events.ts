// The results of a subscription, one for each event. It holds nothing between two events, and ends its source when it is
// ended itself (a generator that waits for its source is not released before the next event).

import type { ExecutionResult } from 'graphql';

export class Events implements AsyncIterableIterator<ExecutionResult, undefined> {
  readonly #events: AsyncIterator<unknown>;
  readonly #resultOf: (event: unknown) => ExecutionResult | Promise<ExecutionResult>;

  constructor(
    events: AsyncIterable<unknown>,
    resultOf: (event: unknown) => ExecutionResult | Promise<ExecutionResult>,
  ) {
    this.#events = events[Symbol.asyncIterator]();
    this.#resultOf = resultOf;
  }

  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    const { done, value } = await this.#events.next();
    return done ? { done: true, value: undefined } : { done: false, value: await this.#resultOf(value) };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
