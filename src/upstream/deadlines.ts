// Deadlines that are all as long: the first to be set is the first to be due, so that one timer serves all of them. A timer
// for each call costs more, and nearly every call has ended long before.

/** Called when its deadline has passed. */
export interface Expiring {
  expired(): void;
}

/** Deadlines of one length, in the order they are due. */
export class Deadlines {
  readonly #lengthMs: number;
  first: Deadline | undefined;
  last: Deadline | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param lengthMs How long each of them is, in milliseconds. */
  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Calls the owner when the time has passed, unless its deadline is cleared before. */
  set(owner: Expiring): Deadline {
    const deadline = new Deadline(owner, performance.now() + this.#lengthMs, this);
    this.#timer ??= this.#wait(this.#lengthMs);
    return deadline;
  }

  #expire(): void {
    const now = performance.now();
    for (let { first } = this; first !== undefined && first.dueAt <= now; first = this.first) {
      first.clear();
      first.owner.expired();
    }
    this.#timer = this.first && this.#wait(this.first.dueAt - performance.now());
  }

  // It keeps no process alive: what has a deadline does. A timer may fire a fraction of a millisecond early.
  #wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#expire(), Math.max(1, Math.ceil(ms))).unref();
  }
}

export class Deadline {
  readonly owner: Expiring;
  /** Milliseconds of performance.now(). */
  readonly dueAt: number;
  readonly #all: Deadlines;
  #previous: Deadline | undefined;
  #next: Deadline | undefined;
  #isCleared = false;

  /** The last of all. */
  constructor(owner: Expiring, dueAt: number, all: Deadlines) {
    this.owner = owner;
    this.dueAt = dueAt;
    this.#all = all;
    this.#previous = all.last;
    if (all.last === undefined) all.first = this;
    else all.last.#next = this;
    all.last = this;
  }

  clear(): void {
    if (this.#isCleared) return;
    this.#isCleared = true;
    if (this.#previous === undefined) this.#all.first = this.#next;
    else this.#previous.#next = this.#next;
    if (this.#next === undefined) this.#all.last = this.#previous;
    else this.#next.#previous = this.#previous;
    // One that the garbage collector has aged would keep alive whatever came after it, and that in turn what came then.
    this.#previous = undefined;
    this.#next = undefined;
  }
}
