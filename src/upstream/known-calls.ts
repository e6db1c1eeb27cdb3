// The calls of the longest window that this process knows of, its own and those that others told of: what it tells a Redis
// that has forgotten them.

import type { SharedCall } from './redis-calls.ts';

/** Most calls that Redis is told of at once. */
const MAX_CALLS = 5_000;

export class KnownCalls {
  readonly #windowMs: () => number;
  readonly #at = new Map<string, number>();
  /** How many of them each process has made. */
  readonly #byProcess = new Map<string, number>();

  constructor(windowMs: () => number) {
    this.#windowMs = windowMs;
  }

  /** @returns whether it was not known yet. */
  add(name: string, at: number): boolean {
    if (this.#at.has(name)) return false;
    this.#at.set(name, at);
    this.#count(name, 1);
    return true;
  }

  /** When it was made; undefined where it is not known. */
  at(name: string): number | undefined {
    return this.#at.get(name);
  }

  /** A known call counts for a later moment. */
  move(name: string, at: number): void {
    if (this.#at.delete(name)) this.#at.set(name, at);
  }

  /** The last call until then that a process has made for a caller. */
  lastOf(process: string, caller: string, until: number): string | undefined {
    let last: string | undefined;
    for (const [name, at] of this.#at) {
      if (at > until) break;
      if (name.startsWith(`${process}:`) && name.endsWith(`:${caller}`)) last = name;
    }
    return last;
  }

  /** How many are in the window for sure: one that is about to leave it may have left it for Redis. */
  count(now: number): number {
    const windowMs = this.#windowMs();
    this.#forget(now - windowMs);
    if (this.#at.size > MAX_CALLS) return 0;
    let leaving = 0;
    for (const at of this.#at.values()) {
      if (at > now - windowMs + LEAVING_MS) break;
      leaving += 1;
    }
    return this.#at.size - leaving;
  }

  list(now: number): readonly SharedCall[] {
    this.#forget(now - this.#windowMs());
    return [...this.#at].slice(-MAX_CALLS).map(([name, at]) => ({ name, ageMs: Math.max(0, now - at) }));
  }

  /** How many processes have made calls. */
  processes(): number {
    return this.#byProcess.size;
  }

  // They were added in about the order in which they were made.
  #forget(until: number): void {
    for (const [name, at] of this.#at) {
      if (at > until) return;
      this.#at.delete(name);
      this.#count(name, -1);
    }
  }

  #count(name: string, by: 1 | -1): void {
    const process = name.slice(0, name.indexOf(':'));
    const calls = (this.#byProcess.get(process) ?? 0) + by;
    if (calls === 0) this.#byProcess.delete(process);
    else this.#byProcess.set(process, calls);
  }
}

/** What a call may have been on its way from Redis to here, in milliseconds. */
const LEAVING_MS = 500;
