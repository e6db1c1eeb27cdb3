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
  readonly passengers: Passenger[];
  waiting: number;
}

interface Passenger {
  readonly caller: Cancellation;
  readonly leave: () => void;
}

export function createFlights(): Flights {
  const flights = new Map<string, Flight>();

  function launch(key: string, start: (cancellation: Cancellation) => Promise<Snapshot | null>): Flight {
    const cancellation = new Cancellation();
    const flight: Flight = { result: start(cancellation), cancellation, passengers: [], waiting: 0 };
    flights.set(key, flight);
    const land = () => {
      for (const { caller, leave } of flight.passengers) caller.remove(leave);
      close(key, flight);
    };
    flight.result.then(land, land);
    return flight;
  }

  /** Whoever comes from now on starts another one. */
  function close(key: string, flight: Flight): void {
    if (flights.get(key) === flight) flights.delete(key);
  }

  return {
    join(key, caller, start) {
      if (caller.reason !== undefined) return Promise.reject(caller.reason);
      const flight = flights.get(key) ?? launch(key, start);
      const leave = () => {
        flight.waiting -= 1;
        if (flight.waiting > 0) return;
        close(key, flight);
        flight.cancellation.cancel(new CallerGone());
      };
      flight.waiting += 1;
      flight.passengers.push({ caller, leave });
      caller.add(leave);
      return flight.result;
    },
    has: (key) => flights.has(key),
    landing: (key) => flights.get(key)?.result.catch(() => undefined),
  };
}
