// Reads under way: any number of callers wait for one read of one invitation. Who leaves takes nobody's answer along;
// when the last one has left, the read is cancelled.

import type { Snapshot } from '../invitation/invitation.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';

export interface Flights {
  /** Waits for the read of `key` that is under way, or starts one. */
  join(
    key: string,
    caller: Cancellation,
    start: (cancellation: Cancellation) => Promise<Snapshot | null>,
  ): Promise<Snapshot | null>;
  has(key: string): boolean;
  /** Resolves when the read of `key` that is under way has ended, however; undefined where there is none. */
  landing(key: string): Promise<unknown> | undefined;
}

interface Flight {
  readonly result: Promise<Snapshot | null>;
  readonly cancellation: Cancellation;
  waiting: number;
}

export function createFlights(): Flights {
  const flights = new Map<string, Flight>();

  function launch(key: string, start: (cancellation: Cancellation) => Promise<Snapshot | null>): Flight {
    const cancellation = new Cancellation();
    const flight: Flight = { result: start(cancellation), cancellation, waiting: 0 };
    flights.set(key, flight);
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    flight.result.then(land, land);
    // Whoever comes from now on must not wait for a read that is being given up.
    cancellation.add(land);
    return flight;
  }

  return {
    async join(key, caller, start) {
      if (caller.reason !== undefined) throw caller.reason;
      const flight = flights.get(key) ?? launch(key, start);
      flight.waiting += 1;
      const leave = () => {
        flight.waiting -= 1;
        if (flight.waiting === 0) flight.cancellation.cancel(new CallerGone());
      };
      caller.add(leave);
      try {
        return await flight.result;
      } finally {
        caller.remove(leave);
      }
    },
    has: (key) => flights.has(key),
    landing: (key) => flights.get(key)?.result.catch(() => undefined),
  };
}
