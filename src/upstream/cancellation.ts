// Whether a caller still waits for an answer, and how the code that works on it is notified when none does. It is an
// AbortSignal reduced to what a read needs: adding and removing a listener of an AbortSignal costs more than the rest of
// our share of an upstream call, and every call does it several times.

/** A listener. An object, not a function: the object that holds the state of a call listens itself, without a closure. */
export interface CancelListener {
  cancelled(reason: Error): void;
}

export class Cancellation {
  // Nearly always there is one listener, so that a set is made for the second alone.
  #listener: CancelListener | undefined;
  #others: Set<CancelListener> | undefined;
  #reason: Error | undefined;

  /** Why it was cancelled; undefined while it is not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Tells every listener, once; later calls change nothing. */
  cancel(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listeners = [...(this.#listener === undefined ? [] : [this.#listener]), ...(this.#others ?? [])];
    this.#listener = undefined;
    this.#others = undefined;
    for (const listener of listeners) listener.cancelled(reason);
  }

  /** Tells the listener at once where it was cancelled already. One is added once only. */
  add(listener: CancelListener): void {
    if (this.#reason !== undefined) listener.cancelled(this.#reason);
    else if (this.#listener === undefined) this.#listener = listener;
    else {
      this.#others ??= new Set();
      this.#others.add(listener);
    }
  }

  remove(listener: CancelListener): void {
    if (this.#listener === listener) this.#listener = undefined;
    else this.#others?.delete(listener);
  }
}

/** The reason when the caller has gone away: it is never shown. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}
