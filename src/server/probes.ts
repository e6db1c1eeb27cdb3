// What a load balancer or an orchestrator asks: GET /health (the process lives) and GET /ready (callers may be sent here).

import type { ServerResponse } from 'node:http';
import { reply } from './reply.ts';

export interface Readiness {
  /** Whether any provider can be called: without one, every caller would be refused. */
  readonly isConfigured: boolean;
  /** Whether tokens can be checked: without keys, every caller would be refused too. */
  readonly hasKeys: () => boolean;
  readonly isDraining: () => boolean;
  /** What does not work as it should, by name; callers are served all the same. */
  readonly degraded: () => readonly string[];
}

/** Answers a probe: true where the request was one. */
export type Probe = (path: string, response: ServerResponse) => boolean;

export function createProbes({ isConfigured, hasKeys, isDraining, degraded }: Readiness): Probe {
  return (path, response) => {
    if (path === '/health') reply(response, 200, { status: 'alive' });
    else if (path !== '/ready') return false;
    else if (isDraining()) reply(response, 503, { status: 'draining', degraded: degraded() });
    else if (!isConfigured) reply(response, 503, { status: 'unconfigured', degraded: degraded() });
    else if (!hasKeys()) reply(response, 503, { status: 'without keys', degraded: degraded() });
    else {
      const names = degraded();
      reply(response, 200, { status: names.length === 0 ? 'ready' : 'degraded', degraded: names });
    }
    return true;
  };
}
