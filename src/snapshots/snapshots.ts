// What was last seen of each invitation, shared by all operations of the process: decides whether an answer is fresh
// enough, whether it is read again and who waits for that, and what is given where the provider cannot be asked. In: a
// ref and how old its answer may be. Out: a snapshot that is honest about its age, null, or a problem. It knows neither
// GraphQL nor hosts.

import type { Invitation, InvitationType, Snapshot } from '../invitation/invitation.ts';
import { ProviderNotConfigured, ProviderRateLimited, SpareQuotaUsedUp } from '../invitation/problem.ts';
import { PROVIDER_OF, type Ref } from '../invitation/ref.ts';
import { Cancellation } from '../upstream/cancellation.ts';
import type { SharedSnapshot } from './codec.ts';
import { createKnown, type KnownOptions } from './known.ts';
import { isPassing, type Source } from './provider-read.ts';
import { type Reading, readingOf } from './reading.ts';
import { createReads } from './reads.ts';
import type { SharedTier } from './redis-tier.ts';
import type { Entry } from './store.ts';

export interface SnapshotWish {
  readonly withIcalendar: boolean;
  /**
   * The oldest answer that will do, in milliseconds: a read under way will do that began no longer ago. 0 asks the
   * provider after the question. Null leaves it to the gateway.
   */
  readonly maxAgeMs: number | null;
  /** Cancelled when the caller has gone. */
  readonly caller: Cancellation;
  /** Whoever is told of every change can do without an answer now, and leaves the callers' share of the quota to them. */
  readonly isPatient?: boolean;
}

export interface Snapshots {
  /**
   * The invitation as last seen, not older than wanted where that can be had.
   * @returns null where the provider knows no such invitation.
   * @throws Problem where it could not be read, and nothing that may stand in for it is known.
   */
  read(ref: Ref, wish: SnapshotWish): Promise<Snapshot | null>;
  /**
   * What `read` would give at once, without a promise: what is fresh enough, or an old one that is read again behind.
   * @returns undefined where it has to be read; null as `read` does.
   */
  answer(ref: Ref, withIcalendar: boolean, maxAgeMs: number | null): Snapshot | null | undefined;
  /** What is known of it, however old; nobody is asked. */
  peek(ref: Ref): Snapshot | null;
  /** Asks for a read as the quota allows, behind everybody's back; not where it was read so short a time ago. */
  want(ref: Ref, unlessWithinMs?: number): void;
  /** Reads now if the quota allows it, else as soon as it does. @returns whether it was read now. */
  readSoon(ref: Ref): Promise<boolean>;
  /**
   * Lays over what is known something that is only probably true: it is shown, as stale, until a read confirms it or
   * puts it right that began after it was heard of (default: now).
   */
  overlay(ref: Ref, change: (invitation: Invitation) => Invitation, heardAt?: number): void;
  /** Takes over what another process has read. */
  adopt(shared: SharedSnapshot): void;
}

export interface SnapshotOptions extends KnownOptions {
  /** What other processes have seen, where there are others. */
  readonly shared?: Pick<SharedTier, 'find' | 'claim' | 'share'>;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

export function createSnapshots(sources: ReadonlyMap<InvitationType, Source>, options: SnapshotOptions): Snapshots {
  const { now = () => performance.now(), shared } = options;
  const known = createKnown(options, now, (key, ref, begunAt) => forget(key, ref, begunAt));
  const { fly, wantBehind, want, forget } = createReads(sources, { known, shared, now });

  // Nearly every answer comes from here: it makes nothing but what it returns, and looks at the clock once.
  function answer(ref: Ref, withIcalendar: boolean, maxAgeMs: number | null): Snapshot | null | undefined {
    const entry = known.get(withIcalendar ? ref.keyWithIcalendar : ref.key);
    return entry && sources.has(ref.type) ? answerFrom(entry, ref, withIcalendar, maxAgeMs) : undefined;
  }

  function answerFrom(
    entry: Entry,
    ref: Ref,
    withIcalendar: boolean,
    maxAgeMs: number | null,
  ): Snapshot | null | undefined {
    const at = now();
    if (known.isFresh(entry, maxAgeMs, at)) return entry.snapshot;
    if (maxAgeMs !== null || at - entry.seenAt > options.revalidateMs || !mayStandIn(entry, at)) return undefined;
    wantBehind(readingOf(ref, withIcalendar), at);
    return entry.hasFailed ? giveOld(entry) : entry.snapshot;
  }

  /** Whether it is given where the provider cannot be asked. */
  function mayStandIn(entry: Entry | undefined, at: number): entry is Found {
    return entry !== undefined && entry.snapshot !== null && at - entry.seenAt <= options.staleMs;
  }

  function read(ref: Ref, wish: SnapshotWish): Promise<Snapshot | null> {
    const source = sources.get(ref.type);
    if (source === undefined) return Promise.reject(new ProviderNotConfigured(PROVIDER_OF[ref.type]));
    const { withIcalendar, maxAgeMs, caller } = wish;
    const reading = readingOf(ref, withIcalendar);
    const entry = known.get(reading.key);
    const atOnce = entry && answerFrom(entry, ref, withIcalendar, maxAgeMs);
    if (atOnce !== undefined) return Promise.resolve(atOnce);
    if (maxAgeMs !== null || !mayStandIn(entry, now())) return readNow(source, reading, wish, entry !== undefined);
    return within(options.patienceMs, fly(source, reading, { caller, payment: 'spare', maxAgeMs }), () => {
      wantBehind(reading);
      return giveOld(entry);
    });
  }

  /** For whoever waits for it: an old one will do only where the provider cannot be asked. */
  function readNow(source: Source, reading: Reading, wish: SnapshotWish, isKnown: boolean): Promise<Snapshot | null> {
    const { maxAgeMs, caller } = wish;
    const payment = wish.isPatient ? 'spare' : isKnown && maxAgeMs !== null ? 'again' : 'due';
    const askedAt = now();
    return fly(source, reading, { caller, payment, maxAgeMs }).catch((error: unknown) => {
      // Who joined the read of somebody who could do without has a share of the quota left.
      if (error instanceof SpareQuotaUsedUp && payment !== 'spare') return read(reading.ref, wish);
      if (error instanceof ProviderRateLimited) wantBehind(reading);
      const old = known.get(reading.key);
      if (isPassing(error) && mayStandIn(old, askedAt)) return giveOld(old);
      throw error;
    });
  }

  return {
    read,
    answer,
    peek: (ref) => known.get(ref.key)?.snapshot ?? null,
    want,
    adopt: known.adopt,
    overlay: known.overlay,
    async readSoon(ref) {
      const source = sources.get(ref.type);
      if (source === undefined) return false;
      try {
        // A read under way may have begun before what makes us read.
        await fly(source, readingOf(ref, false), { caller: new Cancellation(), payment: 'spare', maxAgeMs: 0 });
        return true;
      } catch {
        want(ref);
        return false;
      }
    },
  };
}

type Found = Entry & { readonly snapshot: Snapshot };

/** The old one, because there is no other now; whoever is shown it is told when it is confirmed. */
function giveOld(entry: Found): Snapshot {
  entry.hasFailed = true;
  return { ...entry.snapshot, isStale: true };
}

/** The read's answer, or the old one where the read takes too long or the provider cannot be asked. */
function within(patienceMs: number, read: Promise<Snapshot | null>, giveOld: () => Snapshot): Promise<Snapshot | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(giveOld()), patienceMs);
    read
      .finally(() => clearTimeout(timer))
      .then(resolve, (error: unknown) => (isPassing(error) ? resolve(giveOld()) : reject(error)));
  });
}
