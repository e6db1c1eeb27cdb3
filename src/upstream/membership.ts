// How this process stands with the others that share an account's quota through Redis:
//
//              Redis has answered              SETTLE_MS have passed
//     alone ──────────────────────► settling ──────────────────────► together
//       ▲                              │                                │
//       └──────────────────────────────┴────── Redis cannot be asked ───┘
//
//   alone      it keeps to its own share (own-share.ts)
//   settling   Redis is asked, and its own share is kept to as well: others may not have come back to Redis yet, and tell
//              it only then what they did meanwhile
//   together   Redis is asked
//
// A process that has just started, found Redis at once and has made no call alone settles at once: others have not been
// without Redis.

import type { OwnShare } from './own-share.ts';

export type Standing = 'alone' | 'settling' | 'together';

/** How long after Redis is back others may not have come back to it, in milliseconds. */
const SETTLE_MS = 3_000;

export interface MembershipOptions {
  readonly own: OwnShare;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Whether Redis can be asked, as far as is known. */
  readonly isUp: () => boolean;
  /** Tells Redis what it may not know, and hears what it does. @returns whether it has answered. */
  readonly exchange: () => Promise<boolean>;
  /** Told when this process is no longer alone. */
  readonly onJoined: () => void;
}

export class Membership {
  readonly #options: MembershipOptions;
  /** Undefined while it is alone. */
  #settledAt: number | undefined;
  /** Redis failed, be it before this process has joined. */
  #wasWithout = false;
  #joining: Promise<void> | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get standing(): Standing {
    if (this.#settledAt === undefined) return 'alone';
    return this.#options.now() < this.#settledAt ? 'settling' : 'together';
  }

  get isAlone(): boolean {
    return this.#settledAt === undefined;
  }

  /** Exchanges with Redis what each knows: where messages may have been missed, or Redis knows less than this process. */
  async sync(): Promise<void> {
    const { own, now, exchange, onJoined } = this.#options;
    if (!(await exchange())) return this.lose();
    if (!this.isAlone) return;
    const isSettled = !this.#wasWithout && !own.isUsed();
    this.#settledAt = isSettled ? Number.NEGATIVE_INFINITY : now() + SETTLE_MS;
    onJoined();
  }

  /** Syncs where this process is alone and Redis is up; one sync serves all that ask meanwhile. */
  join(): Promise<void> | undefined {
    if (!this.isAlone || !this.#options.isUp()) return undefined;
    this.#joining ??= this.sync().finally(() => {
      this.#joining = undefined;
    });
    return this.#joining;
  }

  /** Redis can be asked after it has failed, and may know less than before. */
  async recover(): Promise<void> {
    this.#wasWithout = true;
    this.lose();
    await this.join();
  }

  /** Redis could not be asked. */
  lose(): void {
    if (this.isAlone) return;
    this.#wasWithout = true;
    this.#options.own.lost(this.#options.now());
    this.#settledAt = undefined;
  }
}
