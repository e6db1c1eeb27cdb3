// The streams that are open, by what they come by: counted from when a stream begins until its last event was taken or its
// reader has left. What goes wrong in an event is told, because the record of its operation is over when the stream begins.

import type { Answer } from '../operations/answer.ts';
import { GONE_CODE, INTERNAL_ERROR } from '../operations/errors.ts';
import type { OperationListener, OperationRecord } from './operation-record.ts';

export const STREAM_TRANSPORTS = ['sse', 'websocket'] as const;

export type StreamTransport = (typeof STREAM_TRANSPORTS)[number];

export type StreamCounts = Readonly<Record<StreamTransport, number>>;

export class OpenStreams {
  readonly #listener: OperationListener;
  readonly #counts: Record<StreamTransport, number> = { sse: 0, websocket: 0 };

  constructor(listener: OperationListener) {
    this.#listener = listener;
  }

  get counts(): StreamCounts {
    return this.#counts;
  }

  /** The same events, which are counted as a stream from now on. */
  follow(events: AsyncIterableIterator<Answer>, record: OperationRecord): AsyncIterableIterator<Answer> {
    const counts = this.#counts;
    const transport = record.transport === 'websocket' ? 'websocket' : 'sse';
    const tell = this.#listener.eventFailed;
    let isOpen = true;
    counts[transport] += 1;

    function end(): void {
      if (isOpen) counts[transport] -= 1;
      isOpen = false;
    }

    function taken(result: IteratorResult<Answer>): IteratorResult<Answer> {
      if (result.done) end();
      else if (result.value.errors !== undefined && tell !== undefined) {
        const problems = result.value.errors.map(({ extensions }) => extensions);
        if (problems.every(({ code }) => code !== GONE_CODE)) tell(record, problems);
      }
      return result;
    }

    function broken(error: unknown): never {
      end();
      tell?.(record, [INTERNAL_ERROR.extensions]);
      throw error;
    }

    return {
      next: () => events.next().then(taken, broken),
      async return() {
        end();
        await events.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
