// How an invitation is read: now, by one read for all callers that wait for it, or in the background as the quota allows;
// from another process, where one has just seen it, or from the provider. What was read is kept and told, and
// the background read that it makes needless is dropped. Whether it is read at all is not decided here.

import { type InvitationType, kindOf } from '../invitation/kinds.ts';
import { type Problem, ProviderUnavailable, SpareQuotaUsedUp } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import { Cancellation } from '../upstream/cancellation.ts';
import type { Payment } from '../upstream/payment.ts';
import type { Way } from '../upstream/upstream.ts';
import type { SharedSnapshot } from './codec.ts';
import type { Known } from './known.ts';
import { createLookups } from './lookups.ts';
import { ProviderRead, type ReadEffects, type Source } from './provider-read.ts';
import { type Asker, type Reading, readingOf } from './reading.ts';
import type { SharedTier } from './redis-tier.ts';
import { createRefresher, type Refresher } from './refresher.ts';
import { createSingleFlight } from './single-flight.ts';
import { stalenessOf } from './staleness.ts';
import { createTurnClock } from './turn-clock.ts';

export interface Reads {
  /** One read for all callers that want it now; it began no longer ago than an answer to the asker may be old. */
  readNow(source: Source, reading: Reading, asker: Asker): Promise<Snapshot | null>;
  /** Asks for a background read, unless one is in flight; `at` is now. */
  wantBehind(reading: Reading, at?: number): void;
  /** Asks for a background read that begins from now on; not where it was seen so short a time ago. */
  want(ref: Ref, unlessWithinMs?: number): void;
  /** Keeps what another process has read. */
  adopt(shared: SharedSnapshot): void;
  /** Reads for callers alone from now on. */
  stop(): void;
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
  // A read with extras answers callers that want none of them, and not the other way round.
  const [plain, withExtras] = [createSingleFlight(clock), createSingleFlight(clock)];
  const lookUp = shared && createLookups(shared, adopt);
  const refreshers = new Map<InvitationType, Refresher>();
  const effects: ReadEffects = {
    known,
    shared,
    now,
    spareRefusal,
    want,
    forget,
  };
  for (const [type, source] of sources) {
    refreshers.set(
      type,
      createRefresher(source.upstream.quota, {
        read: (reading, payment) => refresh(source, reading, payment),
        wayTo: ({ ref }) => wayTo(source, ref),
        isInFlight: (reading) => flightFor(reading, Number.NEGATIVE_INFINITY) !== undefined,
        ...(shared === undefined ? {} : { claim: shared.claim }),
        now,
      }),
    );
  }

  function spareRefusal(source: Source, ref: Ref): Problem | undefined {
    const { provider } = kindOf(ref);
    const way = wayTo(source, ref);
    if (way.circuit() !== 'CLOSED') return new ProviderUnavailable(provider);
    const isShort = way.isCrowded() || refreshers.get(ref.type)?.isBehind();
    return isShort ? new SpareQuotaUsedUp(provider) : undefined;
  }

  /** Where there is a read in flight that brings what is wanted. */
  function flightFor(reading: Reading, notBefore: number) {
    const { key } = reading.ref;
    if (withExtras.has(key, notBefore)) return withExtras;
    return !reading.withExtras && plain.has(key, notBefore) ? plain : undefined;
  }

  function readNow(source: Source, reading: Reading, { caller, payment, maxAgeMs }: Asker): Promise<Snapshot | null> {
    const { key } = reading.ref;
    // A read that began before a notification is no answer to a caller that asks after it.
    const heardAt = known.heardAtOf(reading.ref);
    const notBefore = maxAgeMs === null ? heardAt : Math.max(heardAt, clock() - maxAgeMs);
    const read = new ProviderRead(effects, source, reading, payment);
    const share = () => {
      const flight = flightFor(reading, notBefore) ?? (reading.withExtras ? withExtras : plain);
      return flight.share(key, caller, notBefore, read);
    };
    // What others have seen comes without extras, and is no answer to a caller that asks the provider itself.
    const isBehind = payment.how === 'prepaid' || payment.how === 'background';
    const isForProvider = reading.withExtras || maxAgeMs === 0 || isBehind;
    if (lookUp === undefined || isForProvider || flightFor(reading, notBefore) !== undefined) return share();
    return lookUp(reading.ref).then(() => {
      const entry = known.peek(reading.ref, false);
      return entry?.snapshot && known.isFresh(entry, maxAgeMs, now()) ? entry.snapshot : share();
    });
  }

  function wantBehind(reading: Reading, at?: number): void {
    if (flightFor(reading, known.heardAtOf(reading.ref)) === undefined) wantFromNowOn(reading, at);
  }

  function wantFromNowOn(reading: Reading, at?: number): void {
    const seenAt = known.peek(reading.ref, reading.withExtras)?.seenAt ?? Number.NEGATIVE_INFINITY;
    refreshers.get(reading.ref.type)?.want(reading, seenAt, at);
  }

  function want(ref: Ref, unlessWithinMs = 0): void {
    const seenAt = known.peek(ref, false)?.seenAt ?? Number.NEGATIVE_INFINITY;
    if (now() - seenAt >= unlessWithinMs) wantFromNowOn(readingOf(ref, false));
  }

  function forget(reading: Reading, begunAt: number): void {
    refreshers.get(reading.ref.type)?.forget(reading, begunAt);
  }

  function adopt(snapshot: SharedSnapshot): void {
    const { ref, seenAt } = snapshot;
    const verdict = known.adopt(snapshot);
    if (verdict === 'kept') forget(readingOf(ref, false), seenAt);
    if (verdict === 'unclear') want(ref);
  }

  async function refresh(source: Source, reading: Reading, payment: Payment): Promise<boolean> {
    try {
      await readNow(source, reading, { caller: new Cancellation(), payment, maxAgeMs: null });
      return true;
    } catch (error) {
      // Callers still have the old answer, marked by now. Asking again helps only where the provider could not be asked.
      return stalenessOf(error) === null;
    }
  }

  function stop(): void {
    for (const refresher of refreshers.values()) refresher.stop();
  }

  return { readNow, wantBehind, want, adopt, stop };
}

function wayTo({ reader, upstream }: Source, ref: Ref): Way {
  return upstream.wayTo(reader.originOf(ref));
}
