// Whether Redis can be used: from a trial that passed until a command is refused or lost, or a connection closes. While it
// cannot be used, it is tried every second; while it can, seldom. A lost command alone is no outage, but two trials that are
// lost after it are; until then nothing is asked, so that a hung Redis delays a caller by one timeout.

import { NO_ANSWER, NOT_CONNECTED, READ_ONLY, reasonOf } from './reason.ts';

export interface HealthOptions {
  /** Rejects where what is needed of Redis does not work. */
  readonly trial: () => Promise<void>;
  /** Why there is no connection; undefined where there is. */
  readonly disconnection: () => string | undefined;
  /** Connects anew, which may lead to another server. */
  readonly renew: () => void;
  /** After how many trials in a row without an answer. */
  readonly renewAfter: number;
  /** Told why it cannot be used, each reason once until it can; undefined when it can. */
  readonly onState: (reason: string | undefined) => void;
  /** Told when it can be used again. */
  readonly onRecovered: () => void;
}

const ILL_MS = 1_000;
const WELL_MS = 10_000;

/** A refusal that comes back within that time of a passed trial is one that the trial does not find. */
const RELAPSE_MS = 60_000;
const MAX_HOLD_MS = 60_000;

export class Health {
  readonly #options: HealthOptions;
  readonly #told = new Set<string>();
  #isWell = false;
  #isDoubted = false;
  #isTrying = false;
  #triesAgain = false;
  #isRenewing = false;
  /** Until the timer, a trial that passes is not believed. */
  #isHeld = false;
  #isStopped = false;
  #failures = 0;
  #wellSince = Number.NEGATIVE_INFINITY;
  #illSince = performance.now();
  #holdMs = ILL_MS;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Whether it works as far as is known. */
  get isWell(): boolean {
    return this.#isWell;
  }

  /** Whether it may be asked: no command is in doubt. */
  get isUp(): boolean {
    return this.#isWell && !this.#isDoubted;
  }

  /** For how long it could not be used, in milliseconds. */
  get illMs(): number {
    return this.#isWell ? 0 : performance.now() - this.#illSince;
  }

  /** A connection stands. */
  connected(): void {
    if (this.#options.disconnection() !== undefined) return;
    this.#isRenewing = false;
    this.#isHeld = false;
    void this.#try();
  }

  /** A connection was closed, or could not be made. It is made again, and tried then. */
  closed(reason: string): void {
    clearTimeout(this.#timer);
    // Where it is made anew, that it was closed is our own doing, and what that was for is told.
    if (!this.#isRenewing || reason !== NOT_CONNECTED) this.#fail(reason);
  }

  /** A command was not answered in time. */
  lost(): void {
    if (!this.isUp) return;
    this.#isDoubted = true;
    void this.#try();
  }

  /** A command was refused as every other would be. */
  refused(reason: string): void {
    if (!this.#isWell) return;
    const isRelapse = performance.now() - this.#wellSince < RELAPSE_MS;
    this.#holdMs = isRelapse ? Math.min(this.#holdMs * 2, MAX_HOLD_MS) : ILL_MS;
    this.#fail(reason);
    this.#isHeld = true;
    this.#schedule(this.#holdMs);
    if (reason === READ_ONLY) this.#renew();
  }

  /** Another server is the primary now. */
  moved(): void {
    this.#fail('another primary');
    this.#renew();
  }

  /** Something may be wrong, which the trial finds. */
  tryIn(delayMs: number): void {
    if (this.#isWell) this.#schedule(delayMs);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #try(): Promise<void> {
    this.#triesAgain = this.#isTrying;
    if (this.#isTrying) return;
    this.#isTrying = true;
    let reason = await this.#outcome();
    // Once may be a hiccup, of this process or of Redis.
    if (reason === NO_ANSWER) reason = await this.#outcome();
    this.#isTrying = false;
    this.#isDoubted = false;
    if (this.#isStopped) return;
    if (this.#triesAgain) return this.#try();
    if (this.#isHeld) return;
    if (reason === undefined) return this.#pass();
    // The connection's own end says why, and the next one is tried.
    if (this.#options.disconnection() !== undefined) return;
    this.#fail(reason);
    this.#failures += 1;
    this.#isRenewing = reason === READ_ONLY || this.#failures % this.#options.renewAfter === 0;
    this.#schedule(ILL_MS);
  }

  #outcome(): Promise<string | undefined> {
    return this.#options.trial().then(() => undefined, reasonOf);
  }

  #tick(): void {
    this.#isHeld = false;
    const disconnection = this.#options.disconnection();
    if (disconnection !== undefined) this.#fail(disconnection);
    else if (this.#isRenewing) this.#renew();
    else void this.#try();
  }

  #renew(): void {
    this.#isRenewing = true;
    this.#options.renew();
  }

  #pass(): void {
    this.#schedule(WELL_MS);
    this.#failures = 0;
    if (this.#isWell) return;
    this.#isWell = true;
    this.#wellSince = performance.now();
    const hasFailed = this.#told.size > 0;
    this.#told.clear();
    this.#options.onState(undefined);
    if (hasFailed) this.#options.onRecovered();
  }

  #fail(reason: string): void {
    if (this.#isStopped) return;
    if (this.#isWell) this.#illSince = performance.now();
    this.#isWell = false;
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#options.onState(reason);
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), delayMs).unref();
  }
}
