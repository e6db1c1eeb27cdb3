// How an invitation is read: now, by one read for everybody who waits for it, or behind everybody's back when the quota
// allows; from another process, where one has just seen it, or from the provider. What was read is kept and told. Whether
// it is read at all is not decided here.

import type { InvitationType, Snapshot } from '../invitation/invitation.ts';
import type { Ref } from '../invitation/ref.ts';
import { Cancellation } from '../upstream/cancellation.ts';
import type { Payment } from '../upstream/upstream.ts';
import { createFlights } from './flights.ts';
import type { Known } from './known.ts';
import { createLookups } from './lookups.ts';
import { isPassing, ProviderRead, type ReadEffects, type Source } from './provider-read.ts';
import { type Asker, type Reading, readingOf } from './reading.ts';
import type { SharedTier } from './redis-tier.ts';
import { createRefresher, type Refresher } from './refresher.ts';
import { createTurnClock } from './turn-clock.ts';

export interface Reads {
  /** One read for everybody who wants it now; it began no longer ago than an answer to the asker may be old. */
  fly(source: Source, reading: Reading, asker: Asker): Promise<Snapshot | null>;
  /** Asks for a read behind everybody's back, unless one is under way; `at` is now. */
  wantBehind(reading: Reading, at?: number): void;
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
  const clock = createTurnClock(now);
  const flights = createFlights(clock);
  const lookUp = shared && createLookups(shared, known);
  const refreshers = new Map<InvitationType, Refresher>();
  const effects: ReadEffects = {
    known,
    shared,
    now,
    maySpare: ({ upstream: { policy } }, { type }) =>
      policy.circuit() === 'CLOSED' && !policy.isCrowded() && !refreshers.get(type)?.isBehind(),
    want,
  };
  for (const [type, source] of sources) {
    refreshers.set(
      type,
      createRefresher(source.upstream, {
        read: (key, { ref, withIcalendar }, payment) => refresh(source, { key, ref, withIcalendar }, payment),
        isUnderWay,
        ...(shared === undefined ? {} : { claim: shared.claim }),
        now,
      }),
    );
  }

  function isUnderWay(key: string): boolean {
    return flights.has(key, Number.NEGATIVE_INFINITY);
  }

  function fly(source: Source, reading: Reading, { caller, payment, maxAgeMs }: Asker): Promise<Snapshot | null> {
    const { key, ref, withIcalendar } = reading;
    const notBefore = maxAgeMs === null ? Number.NEGATIVE_INFINITY : clock() - maxAgeMs;
    const read = new ProviderRead(effects, source, reading, payment);
    // What others have seen comes without its ICS, and is no answer to who asks the provider itself.
    const isForProvider = withIcalendar || maxAgeMs === 0 || payment === 'taken';
    if (lookUp === undefined || isForProvider || flights.has(key, notBefore)) {
      return flights.join(key, caller, notBefore, read);
    }
    return lookUp(ref).then(() => {
      const entry = known.get(key);
      if (entry?.snapshot && known.isFresh(entry, maxAgeMs, now())) return entry.snapshot;
      return flights.join(key, caller, notBefore, read);
    });
  }

  function wantBehind(reading: Reading, at?: number): void {
    if (!isUnderWay(reading.key)) wantFromNowOn(reading, at);
  }

  /** Asks for a read behind everybody's back that begins from now on. */
  function wantFromNowOn({ key, ref, withIcalendar }: Reading, at?: number): void {
    const seenAt = known.get(key)?.seenAt ?? Number.NEGATIVE_INFINITY;
    refreshers.get(ref.type)?.want(key, { ref, withIcalendar, seenAt }, at);
  }

  function want(ref: Ref, unlessWithinMs = 0): void {
    const seenAt = known.get(ref.key)?.seenAt ?? Number.NEGATIVE_INFINITY;
    if (now() - seenAt >= unlessWithinMs) wantFromNowOn(readingOf(ref, false));
  }

  async function refresh(source: Source, reading: Reading, payment: Payment): Promise<boolean> {
    try {
      await fly(source, reading, { caller: new Cancellation(), payment, maxAgeMs: null });
      return true;
    } catch (error) {
      // Callers still have the old answer, marked by now. Asking again helps only where the provider could not be asked.
      return !isPassing(error);
    }
  }

  return {
    fly,
    wantBehind,
    want,
    forget: (key, ref, begunAt) => refreshers.get(ref.type)?.forget(key, begunAt),
  };
}
