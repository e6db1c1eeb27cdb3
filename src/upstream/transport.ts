// The way to one account's provider: one GET at a time on each of its connections.

import { type Admit, Attempt, type AttemptTimeouts } from './attempt.ts';
import type { Cancellation } from './cancellation.ts';
import { type ConnectionLimits, createConnections } from './connections.ts';
import type { UpstreamAnswer, UpstreamRequest } from './request.ts';

export interface Transport {
  /**
   * One GET, on a connection of the origin's that is kept alive, when its turn comes.
   * @returns what `read` makes of its answer.
   * @throws ProviderTimeout after `attemptTimeoutMs` from then on, ProviderUnavailable where the network fails,
   * ProviderBadResponse where the body passes `maxBytes`; what `read` and `admit` throw; the cancellation's
   * reason, at once, where it is cancelled.
   */
  get<R extends UpstreamRequest, T>(
    request: R,
    read: (answer: UpstreamAnswer, request: R) => T,
    cancellation: Cancellation,
    admit?: Admit,
  ): Promise<T>;
  /** How many calls wait for a connection. */
  waiting(): number;
  close(): Promise<void>;
}

export function createTransport(options: ConnectionLimits & AttemptTimeouts): Transport {
  const connections = createConnections(options);
  return {
    get: (request, read, cancellation, admit) =>
      new Promise((resolve, reject) => {
        if (cancellation.reason !== undefined) return reject(cancellation.reason);
        connections.enter(new Attempt(request, read, cancellation, connections, options, admit, resolve, reject));
      }),
    waiting: connections.waiting,
    close: connections.close,
  };
}
