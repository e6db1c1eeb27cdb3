// Single-flight: any number of callers share one read of one invitation that is in flight. A caller that wants an answer
// no older than a certain moment gets none of a read that began before; all that came too late for the read in flight
// share the next one. When a caller leaves, the read goes on for the others; when the last one has left, it is cancelled.

import type { Invitation } from '../invitation/kinds.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import { type CancelListener, Cancellation } from '../upstream/cancellation.ts';
import type { CallSpans } from '../upstream/payment.ts';

export interface SingleFlight {
  /**
   * Waits for a read of `key` that began at `notBefore` or later (-Infinity: any): the one in flight, else the next one.
   * @param read Started at once, later or never.
   */
  share(key: string, caller: Cancellation, notBefore: number, read: Read): Promise<Snapshot | null>;
  /** Whether there is a read to share, without another one being started. */
  has(key: string, notBefore: number): boolean;
}

/** How an invitation is read, and what becomes of the outcome; the read is over after that. */
export interface Read extends CallSpans {
  start(cancellation: Cancellation): Promise<Invitation | null>;
  succeeded(invitation: Invitation | null): Snapshot | null;
  failed(error: unknown): void;
  /** These wait for it, too. */
  joinedBy(spans: CallSpans): void;
}

/**
 * How long the next read waits for the one in flight to end, in milliseconds. Where that one hangs they run side by side
 * from then on: a read takes eight seconds at most, and an answer is to come within ten.
 */
const NEXT_PATIENCE_MS = 1_000;

/** A read, and the callers that wait for it: it is cancelled when the last of them has left. */
class SharedRead extends Cancellation implements CancelListener {
  #read: Read | undefined;
  #callers: Cancellation[] = [];
  #waiting = 0;
  begunAt = Number.POSITIVE_INFINITY;
  readonly result: Promise<Snapshot | null>;

  constructor(read: Read, begin: (shared: SharedRead) => Promise<Snapshot | null>) {
    super();
    this.#read = read;
    this.result = begin(this);
  }

  /** @param read What would have been started for this caller, had there been none. */
  addCaller(caller: Cancellation, read: Read): void {
    if (read !== this.#read) this.#read?.joinedBy(read);
    // A caller that asks twice leaves once.
    if (this.#callers.includes(caller)) return;
    // Mostly there is one, and V8 makes room for many where a list without any grows.
    if (this.#callers.length === 0) this.#callers = [caller];
    else this.#callers.push(caller);
    this.#waiting += 1;
    caller.add(this);
  }

  /** One of the callers has left. */
  cancelled(reason: Error): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.cancel(reason);
  }

  /** It has ended: what callers do from now on does not concern it. */
  release(): void {
    for (const caller of this.#callers) caller.remove(this);
    // V8 replaces a map's table as the map changes. A replaced table may stay in the old generation, and keeps what it held.
    this.#read = undefined;
    this.#callers = [];
  }
}

/** A read that begins when the one in flight has ended. */
interface NextRead {
  readonly shared: SharedRead;
  readonly begin: () => void;
}

/** @param clock The clock of `notBefore`. */
export function createSingleFlight(clock: () => number): SingleFlight {
  /** The read of each key that began last. */
  const inFlight = new Map<string, SharedRead>();
  const next = new Map<string, NextRead>();

  function begin(key: string, shared: SharedRead, read: Read): Promise<Snapshot | null> {
    shared.begunAt = clock();
    inFlight.set(key, shared);
    return started(read, shared).then(
      (invitation) => {
        try {
          return read.succeeded(invitation);
        } finally {
          end(key, shared);
        }
      },
      (error: unknown) => {
        read.failed(error);
        end(key, shared);
        throw error;
      },
    );
  }

  function end(key: string, shared: SharedRead): void {
    shared.release();
    if (inFlight.get(key) !== shared) return;
    inFlight.delete(key);
    next.get(key)?.begin();
  }

  function schedule(key: string, read: Read): SharedRead {
    const { promise, resolve, reject } = Promise.withResolvers<Snapshot | null>();
    const shared = new SharedRead(read, () => promise);
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
      shared.remove(abandoned);
      resolve(begin(key, shared, read));
    };
    const timer = setTimeout(beginNow, NEXT_PATIENCE_MS);
    shared.add(abandoned);
    next.set(key, { shared, begin: beginNow });
    return shared;
  }

  /** A read that was cancelled is not shared. */
  function current(key: string): SharedRead | undefined {
    const shared = inFlight.get(key);
    return shared?.reason === undefined ? shared : undefined;
  }

  function find(key: string, notBefore: number): SharedRead | undefined {
    const shared = current(key);
    return shared !== undefined && shared.begunAt >= notBefore ? shared : next.get(key)?.shared;
  }

  return {
    share(key, caller, notBefore, read) {
      if (caller.reason !== undefined) return Promise.reject(caller.reason);
      const shared =
        find(key, notBefore) ??
        (current(key) === undefined ? new SharedRead(read, (one) => begin(key, one, read)) : schedule(key, read));
      shared.addCaller(caller, read);
      return shared.result;
    },
    has: (key, notBefore) => find(key, notBefore) !== undefined,
  };
}

/** A read that throws before it returns a promise fails as any other does. */
function started(read: Read, cancellation: Cancellation): Promise<Invitation | null> {
  try {
    return read.start(cancellation);
  } catch (error) {
    return Promise.reject(error);
  }
}
