// How an invitation is read: now, by one read for everybody who waits for it, or behind everybody's back when the quota
// allows; from another process, where one has just seen it, or from the provider. What was read is kept and told. Whether
// it is read at all is not decided here.

import { type InvitationType, type Snapshot, snapshotOf } from '../invitation/invitation.ts';
import {
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderTimeout,
  ProviderUnavailable,
  SpareQuotaUsedUp,
} from '../invitation/problem.ts';
import { PROVIDER_OF, type Ref } from '../invitation/ref.ts';
import type { Reader } from '../providers/provider.ts';
import { Cancellation } from '../upstream/cancellation.ts';
import type { Payment, Upstream } from '../upstream/upstream.ts';
import { createFlights, type Flights } from './flights.ts';
import type { Known } from './known.ts';
import type { SharedTier } from './redis-tier.ts';
import { createRefresher, type Refresher } from './refresher.ts';

/** Where one kind of invitation is read. */
export interface Source {
  readonly reader: Reader;
  readonly upstream: Pick<Upstream, 'quota' | 'policy'>;
}

export interface Reading {
  readonly ref: Ref;
  readonly withIcalendar: boolean;
  /** The oldest that will do where another process has seen it, in milliseconds; null leaves it to the gateway. */
  readonly maxAgeMs?: number | null;
}

export interface Reads extends Pick<Flights, 'landing'> {
  /** One read for everybody who wants it now. */
  fly(source: Source, key: string, wanted: Reading, caller: Cancellation, payment: Payment): Promise<Snapshot | null>;
  /** Asks for a read behind everybody's back, unless one is under way. */
  wantBehind(key: string, wanted: Reading): void;
  /** Asks for a read behind everybody's back that begins from now on; not where it was seen so short a time ago. */
  want(ref: Ref, unlessWithinMs?: number): void;
  /** Takes back a wish that was there at that time already: a read has fulfilled it. */
  forget(key: string, ref: Ref, begunAt: number): void;
}

export interface ReadsOptions {
  readonly known: Known;
  /** What other processes have seen, where there are others. */
  readonly shared: Pick<SharedTier, 'find' | 'claim' | 'share'> | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export function createReads(sources: ReadonlyMap<InvitationType, Source>, { known, shared, now }: ReadsOptions): Reads {
  const flights = createFlights();
  const refreshers = new Map<InvitationType, Refresher>();
  for (const [type, source] of sources) {
    refreshers.set(
      type,
      createRefresher(source.upstream, {
        read: (key, wanted, payment) => refresh(source, key, wanted, payment),
        isUnderWay: flights.has,
        ...(shared === undefined ? {} : { claim: shared.claim }),
        now,
      }),
    );
  }

  function fly(source: Source, key: string, wanted: Reading, caller: Cancellation, payment: Payment) {
    return flights.join(key, caller, (cancellation) => {
      const ask = () => askProvider(source, key, wanted, cancellation, payment);
      return shared === undefined || payment === 'taken'
        ? ask()
        : findShared(shared, wanted).then((seen) => seen ?? ask());
    });
  }

  function askProvider(source: Source, key: string, wanted: Reading, cancellation: Cancellation, payment: Payment) {
    const { ref, withIcalendar } = wanted;
    if (payment === 'spare' && !maySpare(source, ref.type)) {
      return Promise.reject(new SpareQuotaUsedUp(PROVIDER_OF[ref.type]));
    }
    const begunAt = now();
    return source.reader.read(ref, { withIcalendar, cancellation, payment }).then(
      (invitation) => {
        const observedAt = new Date();
        const snapshot = invitation && snapshotOf(invitation, observedAt);
        if (!known.keep(key, ref, snapshot, begunAt)) want(ref);
        else if (invitation !== null) shared?.share({ ref, invitation, observedAt: observedAt.getTime() });
        return snapshot;
      },
      (error: unknown) => {
        known.fail(key, error, isPassing(error));
        throw error;
      },
    );
  }

  /** What another process has seen, if that is fresh enough. */
  async function findShared(
    { find }: Pick<SharedTier, 'find'>,
    { ref, withIcalendar, maxAgeMs = null }: Reading,
  ): Promise<Snapshot | undefined> {
    const found = maxAgeMs === 0 ? undefined : await find(ref);
    const entry = found && known.adopt(found);
    if (!entry?.snapshot || withIcalendar) return undefined;
    return known.isFresh(entry, maxAgeMs) ? entry.snapshot : undefined;
  }

  function wantBehind(key: string, wanted: Reading): void {
    if (!flights.has(key)) wantFromNowOn(key, wanted);
  }

  /** Asks for a read behind everybody's back that begins from now on. */
  function wantFromNowOn(key: string, { ref, withIcalendar }: Reading): void {
    const seenAt = known.get(key)?.seenAt ?? Number.NEGATIVE_INFINITY;
    refreshers.get(ref.type)?.want(key, { ref, withIcalendar, seenAt });
  }

  function want(ref: Ref, unlessWithinMs = 0): void {
    const seenAt = known.get(ref.key)?.seenAt ?? Number.NEGATIVE_INFINITY;
    if (now() - seenAt >= unlessWithinMs) wantFromNowOn(ref.key, { ref, withIcalendar: false });
  }

  async function refresh(source: Source, key: string, wanted: Reading, payment: Payment): Promise<boolean> {
    try {
      await fly(source, key, wanted, new Cancellation(), payment);
      return true;
    } catch (error) {
      // Callers still have the old answer, marked by now. Asking again helps only where the provider could not be asked.
      return !isPassing(error);
    }
  }

  /** Whether a read may be made now for whoever could do without. */
  function maySpare({ upstream: { policy } }: Source, type: InvitationType): boolean {
    return policy.circuit() === 'CLOSED' && !policy.isCrowded() && !refreshers.get(type)?.isBehind();
  }

  return {
    fly,
    wantBehind,
    want,
    landing: flights.landing,
    forget: (key, ref, begunAt) => refreshers.get(ref.type)?.forget(key, begunAt),
  };
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
