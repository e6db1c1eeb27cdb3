// Whether somebody still waits for an answer, and how whoever works on it hears that nobody does. It is an AbortSignal
// reduced to what a read needs: adding and removing a listener of an AbortSignal costs more than the rest of our share
// of an upstream call, and every call does it several times.

export class Cancellation {
  readonly #listeners = new Set<(reason: Error) => void>();
  #reason: Error | undefined;

  /** Why it was cancelled; undefined while it is not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Tells every listener, once; later calls change nothing. */
  cancel(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of this.#listeners) listener(reason);
    this.#listeners.clear();
  }

  /** Calls the listener at once where it was cancelled already. */
  add(listener: (reason: Error) => void): void {
    if (this.#reason === undefined) this.#listeners.add(listener);
    else listener(this.#reason);
  }

  remove(listener: (reason: Error) => void): void {
    this.#listeners.delete(listener);
  }
}

/** The reason when the caller has gone away: nobody is there to read it. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}
