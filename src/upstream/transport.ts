// The way to one origin of a provider's: one GET at a time on each of its connections.

import { Attempt } from './attempt.ts';
import type { AttemptPlan, AttemptRules } from './attempt-plan.ts';
import { type Connections, createConnections } from './connections.ts';
import { type ConnectorOptions, createConnector } from './connector.ts';
import { Deadlines } from './deadlines.ts';
import type { UpstreamRequest } from './request.ts';
import type { Troubles } from './troubles.ts';

export interface Transport {
  /**
   * One GET, on a connection that is kept alive, when its turn comes. Its call is told what `read` makes of the answer, or
   * how it failed: ProviderTimeout where headers or the whole answer take too long, ProviderUnavailable where the network
   * fails, ProviderBadResponse where the body passes `maxBytes`; what `read` and the payer throw; the call's reason, at
   * once, where it is cancelled.
   */
  get<R extends UpstreamRequest, T>(plan: AttemptPlan<R, T>): void;
  /** The calls that wait for a connection. */
  waiting(): ReturnType<Connections['waiting']>;
  /** Calls from now on are made on connections that are made from now on. */
  renew(): void;
  close(): void;
}

export interface TransportOptions extends ConnectorOptions {
  readonly maxInFlight: number;
  /** From the moment that a request is sent, in milliseconds. */
  readonly headersTimeoutMs: number;
  readonly attemptTimeoutMs: number;
}

export function createTransport(origin: string, troubles: Troubles, options: TransportOptions): Transport {
  const { maxInFlight, headersTimeoutMs, attemptTimeoutMs } = options;
  const connections = createConnections(origin, createConnector(origin, options), maxInFlight);
  const rules: AttemptRules = {
    connections,
    troubles,
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
    renew: connections.renew,
    close: connections.close,
  };
}
