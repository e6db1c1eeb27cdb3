// Reads under way: any number of callers wait for one read of one invitation. Who leaves takes nobody's answer along;
// when the last one has left, the read is cancelled.

import type { Snapshot } from '../invitation/invitation.ts';
import { type CancelListener, Cancellation } from '../upstream/cancellation.ts';

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

/** A read under way, and who waits for it: it is cancelled when the last of them has gone. */
class Flight extends Cancellation implements CancelListener {
  readonly #callers: Cancellation[];
  #waiting = 1;
  readonly result: Promise<Snapshot | null>;

  constructor(first: Cancellation, start: (cancellation: Cancellation) => Promise<Snapshot | null>) {
    super();
    this.#callers = [first];
    first.add(this);
    try {
      this.result = start(this);
    } catch (error) {
      // It is this read's failure, and nobody else's.
      this.result = Promise.reject(error);
    }
  }

  board(caller: Cancellation): void {
    // Whoever asks twice leaves once.
    if (this.#callers.includes(caller)) return;
    this.#callers.push(caller);
    this.#waiting += 1;
    caller.add(this);
  }

  /** One of the callers has gone. */
  cancelled(reason: Error): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.cancel(reason);
  }

  land(): void {
    for (const caller of this.#callers) caller.remove(this);
  }
}

export function createFlights(): Flights {
  const flights = new Map<string, Flight>();

  function track(key: string, flight: Flight): Flight {
    flights.set(key, flight);
    const land = () => {
      flight.land();
      if (flights.get(key) === flight) flights.delete(key);
    };
    flight.result.then(land, land);
    return flight;
  }

  /** Nobody is to wait for one that was cancelled: whoever comes from then on starts another one. */
  function underWay(key: string): Flight | undefined {
    const flight = flights.get(key);
    return flight?.reason === undefined ? flight : undefined;
  }

  return {
    join(key, caller, start) {
      if (caller.reason !== undefined) return Promise.reject(caller.reason);
      const flight = underWay(key);
      if (flight === undefined) return track(key, new Flight(caller, start)).result;
      flight.board(caller);
      return flight.result;
    },
    has: (key) => underWay(key) !== undefined,
    landing: (key) => underWay(key)?.result.catch(() => undefined),
  };
}
