// Reads under way: any number of callers wait for one read of one invitation. Who wants an answer that is no older than
// a certain moment is given none of a read that began before; all who came too late for the read under way share the
// next one. Who leaves takes nobody's answer along; when the last one has left, the read is cancelled.

import type { Invitation, Snapshot } from '../invitation/invitation.ts';
import { type CancelListener, Cancellation } from '../upstream/cancellation.ts';

export interface Flights {
  /**
   * Waits for a read of `key` that began at `notBefore` or later (-Infinity: any): the one under way, else the next one.
   * @param read Started at once, later or never.
   */
  join(key: string, caller: Cancellation, notBefore: number, read: Read): Promise<Snapshot | null>;
  /** Whether there is a read to join, without another one being begun. */
  has(key: string, notBefore: number): boolean;
}

/** How an invitation is read, and what becomes of the outcome; the read is over after that. */
export interface Read {
  start(cancellation: Cancellation): Promise<Invitation | null>;
  succeeded(invitation: Invitation | null): Snapshot | null;
  failed(error: unknown): void;
}

/**
 * How long the next read waits for the one under way to end, in milliseconds. Where that one hangs they run side by side
 * from then on: a read takes eight seconds at most, and an answer is to come within ten.
 */
const LANDING_PATIENCE_MS = 1_000;

/** A read, and who waits for it: it is cancelled when the last of them has gone. */
class Flight extends Cancellation implements CancelListener {
  readonly #callers: Cancellation[] = [];
  #waiting = 0;
  begunAt = Number.POSITIVE_INFINITY;
  readonly result: Promise<Snapshot | null>;

  constructor(fly: (flight: Flight) => Promise<Snapshot | null>) {
    super();
    this.result = fly(this);
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

/** One that begins when the read under way has ended. */
interface NextFlight {
  readonly flight: Flight;
  readonly begin: () => void;
}

/** @param clock The clock of `notBefore`. */
export function createFlights(clock: () => number): Flights {
  /** The read of each key that began last. */
  const underWay = new Map<string, Flight>();
  const next = new Map<string, NextFlight>();

  function begin(key: string, flight: Flight, read: Read): Promise<Snapshot | null> {
    flight.begunAt = clock();
    underWay.set(key, flight);
    return started(read, flight).then(
      (invitation) => {
        try {
          return read.succeeded(invitation);
        } finally {
          land(key, flight);
        }
      },
      (error: unknown) => {
        read.failed(error);
        land(key, flight);
        throw error;
      },
    );
  }

  function land(key: string, flight: Flight): void {
    flight.land();
    if (underWay.get(key) !== flight) return;
    underWay.delete(key);
    next.get(key)?.begin();
  }

  function schedule(key: string, read: Read): Flight {
    const { promise, resolve, reject } = Promise.withResolvers<Snapshot | null>();
    const flight = new Flight(() => promise);
    const leave = () => {
      clearTimeout(timer);
      next.delete(key);
    };
    const abandoned: CancelListener = {
      cancelled(reason) {
        leave();
        reject(reason);
      },
    };
    const beginNow = () => {
      leave();
      flight.remove(abandoned);
      resolve(begin(key, flight, read));
    };
    const timer = setTimeout(beginNow, LANDING_PATIENCE_MS);
    flight.add(abandoned);
    next.set(key, { flight, begin: beginNow });
    return flight;
  }

  /** Nobody is to wait for one that was cancelled. */
  function current(key: string): Flight | undefined {
    const flight = underWay.get(key);
    return flight?.reason === undefined ? flight : undefined;
  }

  function find(key: string, notBefore: number): Flight | undefined {
    const flight = current(key);
    return flight !== undefined && flight.begunAt >= notBefore ? flight : next.get(key)?.flight;
  }

  return {
    join(key, caller, notBefore, read) {
      if (caller.reason !== undefined) return Promise.reject(caller.reason);
      const flight =
        find(key, notBefore) ??
        (current(key) === undefined ? new Flight((one) => begin(key, one, read)) : schedule(key, read));
      flight.board(caller);
      return flight.result;
    },
    has: (key, notBefore) => find(key, notBefore) !== undefined,
  };
}

/** A read that throws before it promises anything fails as any other does, and takes nobody else's along. */
function started(read: Read, cancellation: Cancellation): Promise<Invitation | null> {
  try {
    return read.start(cancellation);
  } catch (error) {
    return Promise.reject(error);
  }
}
