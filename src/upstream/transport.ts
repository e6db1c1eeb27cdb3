// The way to one account's provider: one GET at a time on each of its connections.

import { Attempt, type AttemptPlan, type AttemptRules } from './attempt.ts';
import { type ConnectionLimits, createConnections } from './connections.ts';
import { Deadlines } from './deadlines.ts';
import type { UpstreamRequest } from './request.ts';

export interface Transport {
  /**
   * One GET, on a connection of the origin's that is kept alive, when its turn comes. Its call is told what `read` makes of
   * the answer, or how it failed: ProviderTimeout where headers or the whole answer take too long, ProviderUnavailable
   * where the network fails, ProviderBadResponse where the body passes `maxBytes`; what `read` and `admit` throw; the
   * call's reason, at once, where it is cancelled.
   */
  get<R extends UpstreamRequest, T>(plan: AttemptPlan<R, T>): void;
  /** How many calls wait for a connection. */
  waiting(): number;
  close(): Promise<void>;
}

/** From the moment that a request is sent, in milliseconds. */
export interface AttemptTimeouts {
  readonly headersTimeoutMs: number;
  readonly attemptTimeoutMs: number;
}

export function createTransport(options: ConnectionLimits & AttemptTimeouts): Transport {
  const { headersTimeoutMs, attemptTimeoutMs } = options;
  const connections = createConnections(options);
  const rules: AttemptRules = {
    connections,
    headersDeadlines: new Deadlines(headersTimeoutMs),
    bodyDeadlines: new Deadlines(attemptTimeoutMs - headersTimeoutMs),
  };
  return {
    get(plan) {
      const { reason } = plan.call;
      if (reason === undefined) connections.enter(new Attempt(plan, rules));
      else plan.call.fail(reason);
    },
    waiting: connections.waiting,
    close: connections.close,
  };
}
