// What was last seen of each invitation, shared by all operations of the process: decides whether an answer is fresh
// enough, whether it is read again and who waits for that, and what is given where the provider cannot be asked. In: a
// ref and how old its answer may be. Out: a snapshot that is honest about its age, null, or a problem. It knows neither
// GraphQL nor hosts.
//
//   what is known                         what `read` does
//   ------------------------------------  ----------------------------------------------------------------------------
//   fresh                                 gives it
//   younger than `revalidateMs`           gives it, and asks for a background read
//   younger than `staleMs`                reads if there is spare quota, for `patienceMs`; else gives it as stale, and
//                                         asks for a background read
//   older, or nothing, or the caller      reads, and waits for its share of the quota; where the provider cannot be
//   names a younger age                   asked, gives what is younger than `staleMs` as stale, else the problem
//   "not found"                           gives it for `notFoundMs`, then reads
//   older than a notification             reads, as where it is older than `revalidateMs`

import { type Invitation, type InvitationType, kindOf } from '../invitation/kinds.ts';
import { ProviderNotConfigured, ProviderRateLimited, SpareQuotaUsedUp } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import { Order } from '../order/order.ts';
import { Cancellation } from '../upstream/cancellation.ts';
import type { Span } from '../upstream/span.ts';
import type { SharedSnapshot } from './codec.ts';
import { type Entry, isOld } from './entry.ts';
import type { GivenListener } from './given.ts';
import { createKnown, type KnownOptions } from './known.ts';
import type { Waiting } from './lanes.ts';
import type { Learning } from './learning.ts';
import type { Source } from './provider-read.ts';
import { ReadNote } from './read-note.ts';
import { type Reading, readingOf } from './reading.ts';
import { createReads } from './reads.ts';
import type { SharedTier } from './redis-tier.ts';
import type { Sight } from './sight.ts';
import { stalenessOf } from './staleness.ts';
import { current, type Found, giveOld, within } from './stand-in.ts';
import type { WishOrder } from './wish.ts';

export interface SnapshotWish {
  readonly withExtras: boolean;
  /**
   * The oldest answer that will do, in milliseconds: a read in flight is shared that began within this time. With 0 a new
   * read begins after the question. Null leaves it to the gateway.
   */
  readonly maxAgeMs: number | null;
  /** Cancelled when the caller has gone. */
  readonly caller: Cancellation;
  /** Names the caller in the books of the quota. */
  readonly callerId: string;
  /** A subscription is told of every change: it waits, and leaves the callers' share of the quota to them. */
  readonly isPatient?: boolean;
  /** Told how it is answered. */
  readonly given?: GivenListener | undefined;
}

export interface Snapshots {
  /**
   * The invitation as last seen, not older than wanted where that can be had.
   * @returns null where the provider knows no such invitation.
   * @throws Problem where it could not be read, and nothing that may stand in for it is known.
   */
  read(ref: Ref, wish: SnapshotWish): Promise<Snapshot | null>;
  /**
   * What `read` would give at once, without a promise: what is fresh enough, or an old one that is read again in the
   * background.
   * @param given Told how it is answered, where a snapshot is given.
   * @returns undefined where it has to be read; null as `read` does.
   */
  answer(ref: Ref, withExtras: boolean, maxAgeMs: number | null, given?: GivenListener): Snapshot | null | undefined;
  /** What is known of it, however old. It causes no read. */
  peek(ref: Ref): Snapshot | null;
  /** How long ago this very state was seen, in milliseconds, by no clock but this process's; undefined where it is known no more. */
  ageMs(snapshot: Snapshot): number | undefined;
  /** Asks for a background read, as the quota allows; not where it was read so short a time ago. */
  want(ref: Ref, unlessWithinMs?: number): void;
  /** So many streams more (or less, below 0) watch it: it is kept fresh for as long as any does. */
  watch(ref: Ref, streams: number): void;
  /** Whether the provider tells of its changes may have changed. */
  reconsider(ref: Ref): void;
  /** What waits to be read of one kind. */
  waiting(type: InvitationType): Waiting;
  /** What is learned about how soon states change, by kind. */
  readonly learning: ReadonlyMap<InvitationType, Learning>;
  /**
   * Reads now if the quota allows it, else as soon as it does.
   * @param cause The span of what makes us read, where that is traced.
   * @returns whether it was read now.
   */
  readSoon(ref: Ref, cause?: Span): Promise<boolean>;
  /**
   * A notification of it was received then, `byUs` or by another process. What is known of the invitation by any of its names
   * is old from now on, also what is final: it is read again before it is given, where it can be.
   */
  hear(ref: Ref, heardAt: number, byUs: boolean): void;
  /** Notifications may have been missed until now: what is final, and might have been notified, is read again behind. */
  miss(): void;
  /**
   * Applies to what is known by this name a change that is only probably true: it is shown, as stale, until a read that began after
   * it was heard of (default: now) confirms it or puts it right.
   */
  overlay(ref: Ref, change: (invitation: Invitation) => Invitation, heardAt?: number): void;
  /** Keeps what another process has read. */
  adopt(shared: SharedSnapshot): void;
  /** What is read from now on is read for callers that wait for it, and not kept. */
  stop(): void;
}

export interface SnapshotOptions extends KnownOptions {
  /** What says which is read next, by what is learned. Default: what has most probably changed. */
  readonly createOrder?: (learning: Learning) => WishOrder;
  /** What other processes have seen, where there are others. */
  readonly shared?: Pick<SharedTier, 'find' | 'claim' | 'share' | 'hear'>;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  /** Told of what reads have seen, also those of other processes. */
  readonly onSight?: ((sight: Sight) => void) | undefined;
}

export function createSnapshots(sources: ReadonlyMap<InvitationType, Source>, options: SnapshotOptions): Snapshots {
  const { now = () => performance.now(), shared, isNotified = () => false, freshMs } = options;
  const { createOrder = ({ evidence }) => new Order(evidence) } = options;
  const known = createKnown(options, now);
  const reads = createReads(sources, {
    known,
    shared,
    isNotified,
    freshMs,
    createOrder,
    now,
    onSight: options.onSight,
  });
  const { readNow, wantBehind, want } = reads;

  // Nearly every answer comes from here: it makes nothing but what it returns, and looks at the clock once.
  function answer(
    ref: Ref,
    withExtras: boolean,
    maxAgeMs: number | null,
    given?: GivenListener,
  ): Snapshot | null | undefined {
    const entry = known.find(ref, withExtras);
    return entry && sources.has(ref.type) ? answerFrom(entry, ref, withExtras, maxAgeMs, given) : undefined;
  }

  function answerFrom(
    entry: Entry,
    ref: Ref,
    withExtras: boolean,
    maxAgeMs: number | null,
    given: GivenListener | undefined,
  ): Snapshot | null | undefined {
    const at = now();
    if (known.isFresh(entry, maxAgeMs, at)) {
      if (known.isDoubtful(entry)) wantBehind(readingOf(ref, withExtras));
      const { snapshot } = entry;
      if (snapshot !== null) given?.given(kindOf(ref).provider, 'fresh', at - entry.seenAt, snapshot.isFinal);
      return snapshot;
    }
    if (maxAgeMs !== null || isOld(entry)) return undefined;
    if (at - entry.seenAt > options.revalidateMs || !mayStandIn(entry, at)) return undefined;
    wantBehind(readingOf(ref, withExtras));
    const { staleness } = entry;
    given?.given(kindOf(ref).provider, staleness === null ? 'stale_while_revalidate' : 'stale', at - entry.seenAt);
    return staleness === null ? entry.snapshot : giveOld(entry, current(staleness));
  }

  /** Whether it is given where the provider cannot be asked. */
  function mayStandIn(entry: Entry | undefined, at: number): entry is Found {
    return entry !== undefined && entry.snapshot !== null && at - entry.seenAt <= options.staleMs;
  }

  function read(ref: Ref, wish: SnapshotWish): Promise<Snapshot | null> {
    const entry = known.find(ref, wish.withExtras);
    if (wish.given === undefined) return readWith(ref, wish, entry, undefined);
    const note = new ReadNote(wish.given, kindOf(ref).provider, entry !== undefined);
    return note.tell(readWith(ref, wish, entry, note));
  }

  function readWith(
    ref: Ref,
    wish: SnapshotWish,
    entry: Entry | undefined,
    note: ReadNote | undefined,
  ): Promise<Snapshot | null> {
    const source = sources.get(ref.type);
    if (source === undefined) return Promise.reject(new ProviderNotConfigured(kindOf(ref).provider));
    const { withExtras, maxAgeMs, caller, callerId } = wish;
    const atOnce = entry && answerFrom(entry, ref, withExtras, maxAgeMs, note);
    if (atOnce !== undefined) return Promise.resolve(atOnce);
    const reading = readingOf(ref, withExtras);
    if (maxAgeMs !== null || !mayStandIn(entry, now()))
      return readOrOld(source, reading, wish, entry !== undefined, note);
    const payment = { how: 'spare', caller: callerId } as const;
    const asker = { caller, payment, maxAgeMs, span: wish.given?.span, note };
    const spare = readNow(source, reading, asker);
    return within(options.patienceMs, spare, (staleness) => {
      wantBehind(reading);
      const newest = known.find(ref, withExtras);
      // Another process, or a notification, may have told of a newer state meanwhile. Where that came without the extras
      // that are wanted, there is nothing to give but what the read brings.
      if (newest !== entry) return newest?.snapshot;
      note?.given(kindOf(ref).provider, 'stale', now() - entry.seenAt);
      return giveOld(entry, staleness);
    });
  }

  /** For a caller that waits for it: an old one will do only where the provider cannot be asked. */
  function readOrOld(
    source: Source,
    reading: Reading,
    wish: SnapshotWish,
    isKnown: boolean,
    note: ReadNote | undefined,
  ): Promise<Snapshot | null> {
    const { maxAgeMs, caller, callerId } = wish;
    const how = wish.isPatient ? 'spare' : isKnown && maxAgeMs !== null ? 'insistent' : 'caller';
    const payment = { how, caller: callerId } as const;
    const asker = { caller, payment, maxAgeMs, span: wish.given?.span, note };
    const askedAt = now();
    return readNow(source, reading, asker).catch((error: unknown) => {
      // A caller that shared a read with spare quota has a share of its own.
      const old = known.find(reading.ref, reading.withExtras);
      if (error instanceof SpareQuotaUsedUp && how !== 'spare') return readWith(reading.ref, wish, old, note);
      if (error instanceof ProviderRateLimited || how === 'spare') wantBehind(reading);
      const staleness = stalenessOf(error);
      if (staleness !== null && mayStandIn(old, askedAt)) {
        note?.given(kindOf(reading.ref).provider, 'stale', now() - old.seenAt);
        return giveOld(old, staleness);
      }
      throw error;
    });
  }

  return {
    read,
    answer,
    peek: (ref) => known.peek(ref, false)?.snapshot ?? null,
    ageMs(snapshot) {
      const seenAt = known.seenAtOf(snapshot);
      return seenAt === undefined ? undefined : now() - seenAt;
    },
    want,
    watch: reads.watch,
    reconsider: reads.reconsider,
    adopt: reads.adopt,
    learning: reads.learning,
    waiting: reads.waiting,
    hear(ref, heardAt, byUs) {
      known.hear(ref, heardAt);
      if (byUs) shared?.hear(ref, heardAt);
    },
    miss: known.miss,
    overlay: known.overlay,
    stop() {
      reads.stop();
      known.stop();
    },
    async readSoon(ref, cause) {
      const source = sources.get(ref.type);
      if (source === undefined) return false;
      try {
        // A read in flight may have begun before what makes us read.
        await readNow(source, readingOf(ref, false), {
          caller: new Cancellation(),
          payment: FOR_NO_CALLER,
          maxAgeMs: 0,
          cause,
        });
        return true;
      } catch {
        want(ref);
        return false;
      }
    },
  };
}

/** What a notification asks for: as soon as there is quota that callers leave. */
const FOR_NO_CALLER = { how: 'spare', caller: '' } as const;
