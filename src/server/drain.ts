// How the server leaves without losing a request. A load balancer needs seconds to see that a process is going, and sends
// requests until then: they are served. In the second half of that time answers end their connection, because a
// connection that is kept alive leads here whatever the load balancer has seen. Then the listener closes, and what is in
// flight finishes.

import type { Server } from 'node:http';

/** How often connections that have become idle are closed after the listener. */
const SWEEP_MS = 20;

export interface Drain {
  /** Whether callers are to go elsewhere. */
  isDraining(): boolean;
  /** Whether a connection is not to be used for another request. */
  isClosing(): boolean;
  /** @param drainMs How long everything is served from now on. */
  begin(drainMs: number): void;
  /** Closes the listener, and cuts what has not finished by then. */
  close(timeoutMs: number): Promise<void>;
}

export function createDrain(server: Server): Drain {
  let state: 'serving' | 'draining' | 'closing' = 'serving';
  const endConnections = () => {
    state = 'closing';
  };
  return {
    isDraining: () => state !== 'serving',
    isClosing: () => state === 'closing',
    begin(drainMs) {
      state = 'draining';
      setTimeout(endConnections, drainMs / 2).unref();
    },
    close(timeoutMs) {
      endConnections();
      return new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
        // A connection that is kept alive would keep the process alive too.
        const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
        server.close(() => {
          clearTimeout(cut);
          clearInterval(sweep);
          resolve();
        });
      });
    },
  };
}
