// One read of an invitation at its provider, and what its outcome changes: what is known here, and what other processes
// are told.

import { type Invitation, momentOf, type Snapshot, snapshotOf } from '../invitation/invitation.ts';
import {
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderTimeout,
  ProviderUnavailable,
  SpareQuotaUsedUp,
} from '../invitation/problem.ts';
import { PROVIDER_OF, type Ref } from '../invitation/ref.ts';
import type { Reader } from '../providers/provider.ts';
import type { Cancellation } from '../upstream/cancellation.ts';
import type { Payment, Upstream } from '../upstream/upstream.ts';
import type { Read } from './flights.ts';
import { type Known, withoutIcalendar } from './known.ts';
import type { Reading } from './reading.ts';
import type { SharedTier } from './redis-tier.ts';

/** Where one kind of invitation is read. */
export interface Source {
  readonly reader: Reader;
  readonly upstream: Pick<Upstream, 'quota' | 'policy'>;
}

/** What the reads of a process share. */
export interface ReadEffects {
  readonly known: Known;
  readonly shared: Pick<SharedTier, 'share'> | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Whether a read may be made now that only gets what background work may have. */
  maySpare(source: Source, ref: Ref): boolean;
  /** Asks for a read in the background that begins from now on. */
  want(ref: Ref): void;
}

export class ProviderRead implements Read {
  readonly #effects: ReadEffects;
  readonly #source: Source;
  readonly #reading: Reading;
  readonly #payment: Payment;
  #begunAt: number | undefined;

  constructor(effects: ReadEffects, source: Source, reading: Reading, payment: Payment) {
    this.#effects = effects;
    this.#source = source;
    this.#reading = reading;
    this.#payment = payment;
  }

  start(cancellation: Cancellation): Promise<Invitation | null> {
    const { ref, withIcalendar } = this.#reading;
    const payment = this.#payment;
    if (payment === 'spare' && !this.#effects.maySpare(this.#source, ref)) {
      return Promise.reject(new SpareQuotaUsedUp(PROVIDER_OF[ref.type]));
    }
    this.#begunAt = this.#effects.now();
    return this.#source.reader.read(ref, { withIcalendar, cancellation, payment });
  }

  succeeded(invitation: Invitation | null): Snapshot | null {
    const { known, shared, want } = this.#effects;
    const { key, ref } = this.#reading;
    const observedAt = momentOf(Date.now());
    const snapshot = invitation && snapshotOf(invitation, observedAt);
    if (!known.keep(key, ref, snapshot, this.#begunAt ?? 0)) want(ref);
    else if (invitation !== null) {
      shared?.share({ ref, invitation: withoutIcalendar(invitation), observedAt: observedAt.getTime() });
    }
    return snapshot;
  }

  failed(error: unknown): void {
    if (this.#begunAt === undefined) return;
    this.#effects.known.fail(this.#reading.key, error, isPassing(error), this.#begunAt);
  }
}

/** The provider could not be asked: not that it refused, or that its answer was no good. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof ProviderRateLimited ||
    error instanceof ProviderTimeout ||
    error instanceof ProviderUnavailable ||
    error instanceof ProviderOverloaded
  );
}
