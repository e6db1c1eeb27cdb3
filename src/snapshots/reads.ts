// How an invitation is read: now, by one read for all callers that wait for it, or in the background as the quota allows;
// from another process, where one has just seen it, or from the provider. What was read is kept, told and learned
// from. Whether it is read at all is not decided here.

import { type InvitationType, kindOf } from '../invitation/kinds.ts';
import { type Problem, ProviderUnavailable, SpareQuotaUsedUp } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import { Cancellation } from '../upstream/cancellation.ts';
import type { Payment } from '../upstream/payment.ts';
import type { Way } from '../upstream/upstream.ts';
import type { SharedSnapshot } from './codec.ts';
import type { Known } from './known.ts';
import { NOTHING_WAITS, type Waiting } from './lanes.ts';
import { Learning } from './learning.ts';
import { createLookups } from './lookups.ts';
import { ProviderRead, type ReadEffects, type Source } from './provider-read.ts';
import type { Asker, Reading } from './reading.ts';
import type { SharedTier } from './redis-tier.ts';
import { createRefresher, type Refresher } from './refresher.ts';
import type { Sight } from './sight.ts';
import { createSingleFlight } from './single-flight.ts';
import { createTurnClock } from './turn-clock.ts';
import type { WishOrder } from './wish.ts';
import type { Wishes } from './wishes.ts';

export interface Reads {
  /** One read for all callers that want it now; it began no longer ago than an answer to the asker may be old. */
  readNow(source: Source, reading: Reading, asker: Asker): Promise<Snapshot | null>;
  /** A caller was given what is older than fresh, or nothing: a background read is due, unless one is in flight. */
  wantBehind(reading: Reading): void;
  /** Asks for a background read that begins from now on; not where it was seen so short a time ago. */
  want(ref: Ref, unlessWithinMs?: number): void;
  /** So many streams more (or less, below 0) watch it. */
  watch(ref: Ref, streams: number): void;
  /** Whether the provider tells of its changes may have changed. */
  reconsider(ref: Ref): void;
  /** Keeps what another process has read. */
  adopt(shared: SharedSnapshot): void;
  /** Reads for callers alone from now on. */
  stop(): void;
  /** What is learned about how soon states change, by kind. */
  readonly learning: ReadonlyMap<InvitationType, Learning>;
  /** What waits to be read of one kind. */
  waiting(type: InvitationType): Waiting;
}

export interface ReadsOptions {
  readonly known: Known;
  /** What other processes have seen, where there are others. */
  readonly shared: Pick<SharedTier, 'find' | 'claim' | 'share'> | undefined;
  /** Up to this age an answer is fresh, in milliseconds. */
  readonly freshMs: number;
  /** Whether the provider's notifications of it arrive. */
  readonly isNotified: (snapshot: Snapshot) => boolean;
  /** What says which is read next, by what is learned. */
  readonly createOrder: (learning: Learning) => WishOrder;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Told of what reads have seen. */
  readonly onSight?: ((sight: Sight) => void) | undefined;
}

export function createReads(sources: ReadonlyMap<InvitationType, Source>, options: ReadsOptions): Reads {
  const { known, shared, createOrder, freshMs, isNotified, now, onSight } = options;
  const clock = createTurnClock(now);
  // A read with extras answers callers that want none of them, and not the other way round.
  const [plain, withExtras] = [createSingleFlight(clock), createSingleFlight(clock)];
  const lookUp = shared && createLookups(shared, adopt);
  const refreshers = new Map<InvitationType, Refresher>();
  const learnings = new Map<InvitationType, Learning>();
  const effects: ReadEffects = {
    known,
    shared,
    now,
    spareRefusal,
    want,
  };
  for (const [type, source] of sources) {
    const learning = new Learning();
    learnings.set(type, learning);
    refreshers.set(
      type,
      createRefresher(source.upstream.quota, {
        read: (reading, payment) => refresh(source, reading, payment),
        wayTo: (ref) => wayTo(source, ref),
        isInFlight: (reading) => flightFor(reading, Number.NEGATIVE_INFINITY) !== undefined,
        ...(shared === undefined ? {} : { claim: shared.claim }),
        createOrder: () => createOrder(learning),
        freshMs,
        isNotified,
        now,
      }),
    );
  }
  known.listen({
    looked: (ref, entry) => wishesOf(ref)?.look(ref, entry),
    seen(sight) {
      const { ref, before, entry, isForCaller } = sight;
      learnings.get(ref.type)?.note(sight);
      onSight?.(sight);
      wishesOf(ref)?.see(ref, entry, isForCaller ? 1 : 0, before);
    },
    replaced(key, entry, before) {
      wishesOf(entry)?.hold(key, entry, before);
    },
    forgotten(key, last) {
      wishesOf(last)?.hold(key, undefined, last);
    },
  });

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

  function readNow(source: Source, reading: Reading, asker: Asker): Promise<Snapshot | null> {
    const { caller, payment, maxAgeMs } = asker;
    const { key } = reading.ref;
    // A read that began before a notification is no answer to a caller that asks after it.
    const heardAt = known.heardAtOf(reading.ref);
    const notBefore = maxAgeMs === null ? heardAt : Math.max(heardAt, clock() - maxAgeMs);
    const read = new ProviderRead(effects, source, reading, asker);
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

  function wishesOf({ type }: Pick<Ref, 'type'>): Wishes | undefined {
    return refreshers.get(type)?.wishes;
  }

  function wantBehind(reading: Reading): void {
    const { ref } = reading;
    if (flightFor(reading, known.heardAtOf(ref)) !== undefined) return;
    wishesOf(ref)?.ask(reading, known.peek(ref, false));
  }

  function want(ref: Ref, unlessWithinMs = 0): void {
    const entry = known.peek(ref, false);
    if (entry !== undefined && now() - entry.seenAt < unlessWithinMs) return;
    wishesOf(ref)?.force(ref, entry);
  }

  function adopt(snapshot: SharedSnapshot): void {
    if (known.adopt(snapshot) === 'unclear') want(snapshot.ref);
  }

  async function refresh(source: Source, reading: Reading, payment: Payment): Promise<void> {
    try {
      await readNow(source, reading, { caller: new Cancellation(), payment, maxAgeMs: null });
    } catch {
      // Callers still have the old answer, marked by now.
    }
  }

  function stop(): void {
    for (const refresher of refreshers.values()) refresher.stop();
    refreshers.clear();
  }

  return {
    readNow,
    wantBehind,
    want,
    adopt,
    watch: (ref, streams) => wishesOf(ref)?.watch(ref, known.peek(ref, false), streams),
    reconsider: (ref) => wishesOf(ref)?.reconsider(ref),
    learning: learnings,
    waiting: (type) => refreshers.get(type)?.waiting() ?? NOTHING_WAITS,
    stop,
  };
}

function wayTo({ reader, upstream }: Source, ref: Ref): Way {
  return upstream.wayTo(reader.originOf(ref));
}
