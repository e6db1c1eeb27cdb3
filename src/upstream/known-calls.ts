// The calls of the longest window that this process knows of, its own and those that others told of: each counts once in
// the books, and a Redis that has forgotten them is told of them.

import type { CallLog } from './call-log.ts';
import { readName } from './call-name.ts';
import type { SharedCall } from './redis-calls.ts';
import { MOVED_MS } from './redis-scripts.ts';
import type { Shares } from './shares.ts';

/** Most calls that Redis is told of at once. */
const MAX_CALLS = 5_000;

export class KnownCalls {
  readonly #log: CallLog;
  readonly #shares: Shares;
  /** When each was made, by their names. */
  readonly #at = new Map<string, number>();
  /** How many of them each process has made. */
  readonly #byProcess = new Map<string, number>();

  /** @param shares Those of that log. */
  constructor(log: CallLog, shares: Shares) {
    this.#log = log;
    this.#shares = shares;
  }

  /** Counts a call, unless it is known. */
  record(name: string, at: number): void {
    const call = readName(name);
    if (call === undefined || this.#at.has(name)) return;
    this.#at.set(name, at);
    this.#count(name, 1);
    this.#shares.record(at, call);
  }

  /** Counts calls that other processes have made, and those later that they have moved. */
  hear(calls: readonly SharedCall[], now: number): void {
    // What was made longer ago than a window is no matter; and the log takes them in their order.
    for (const { name, ageMs } of calls.toSorted((a, b) => b.ageMs - a.ageMs)) {
      if (!(ageMs >= 0 && ageMs < this.#windowMs)) continue;
      const [before, at] = [this.#at.get(name), now - ageMs];
      if (before === undefined) this.record(name, at);
      else if (at > before + MOVED_MS) this.move(name, at);
    }
  }

  /** A call that was taken and not made counts from `at` on. */
  move(name: string, at: number): void {
    const [call, before] = [readName(name), this.#at.get(name)];
    if (call === undefined || before === undefined) return;
    this.#at.delete(name);
    this.#at.set(name, at);
    this.#log.move(call.caller, before, at);
  }

  /** The last call until then that a process has made for a caller, but for those that are being moved. */
  lastOf(process: string, caller: string, until: number, moving: ReadonlySet<string>): string | undefined {
    let last: string | undefined;
    for (const [name, at] of this.#at) {
      const isTheirs = name.startsWith(`${process}:`) && name.endsWith(`:${caller}`);
      if (isTheirs && at <= until && !moving.has(name)) last = name;
    }
    return last;
  }

  /** How many are in the window for sure: one that is about to leave it may have left it for Redis. */
  count(now: number): number {
    this.#forget(now - this.#windowMs);
    if (this.#at.size > MAX_CALLS) return 0;
    let leaving = 0;
    for (const at of this.#at.values()) {
      if (at > now - this.#windowMs + LEAVING_MS) break;
      leaving += 1;
    }
    return this.#at.size - leaving;
  }

  list(now: number): readonly SharedCall[] {
    this.#forget(now - this.#windowMs);
    return [...this.#at].slice(-MAX_CALLS).map(([name, at]) => ({ name, ageMs: Math.max(0, now - at) }));
  }

  /** How many processes have made calls. */
  processes(): number {
    return this.#byProcess.size;
  }

  get #windowMs(): number {
    return this.#log.longest.windowMs;
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
