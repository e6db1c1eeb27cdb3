// Who hears of what the rooms do: a value that the composition root makes and passes in. The rooms tell what they have noted,
// and know nobody who listens; where nobody does, nothing is noted.

import type { OperationListener } from '../server/operation-record.ts';
import type { CallRecord } from '../upstream/call-record.ts';

export interface TelemetryListener extends OperationListener {
  /**
   * Told of each upstream call when it is over.
   * @param tenant Null where there is no file of tenants.
   */
  called?: ((call: CallRecord, tenant: string | null) => void) | undefined;
}

/** Everybody who listens, as one. A member is undefined where nobody listens to that. */
export type Telemetry = TelemetryListener;

export function telemetryOf(listeners: readonly TelemetryListener[]): Telemetry {
  return {
    called: all(listeners.flatMap(({ called }) => called ?? [])),
    answered: all(listeners.flatMap(({ answered }) => answered ?? [])),
    given: all(listeners.flatMap(({ given }) => given ?? [])),
    trace: listeners.find(({ trace }) => trace !== undefined)?.trace,
  };
}

/** One function that calls each of them. */
function all<Args extends unknown[]>(
  functions: readonly ((...args: Args) => void)[],
): ((...args: Args) => void) | undefined {
  const [only, ...others] = functions;
  if (others.length === 0) return only;
  return (...args) => {
    for (const each of functions) each(...args);
  };
}
