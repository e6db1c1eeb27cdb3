// The answers of a subscription, one for each event. It holds nothing between two events, and ends its source when it is
// ended itself (a generator that waits for its source is not released before the next event).

import type { Answer, MaybePromise } from './answer.ts';

export class Events implements AsyncIterableIterator<Answer, undefined> {
  readonly #events: AsyncIterator<unknown>;
  readonly #answerOf: (event: unknown) => MaybePromise<Answer>;

  constructor(events: AsyncIterable<unknown>, answerOf: (event: unknown) => MaybePromise<Answer>) {
    this.#events = events[Symbol.asyncIterator]();
    this.#answerOf = answerOf;
  }

  async next(): Promise<IteratorResult<Answer, undefined>> {
    const { done, value } = await this.#events.next();
    return done ? { done: true, value: undefined } : { done: false, value: await this.#answerOf(value) };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
