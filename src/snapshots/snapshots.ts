// What was last seen of each invitation, shared by all operations of the process: decides whether an answer is fresh
// enough, whether it is read again and who waits for that, and what is given where the provider cannot be asked. In: a
// ref and how old its answer may be. Out: a snapshot that is honest about its age, null, or a problem. It knows neither
// GraphQL nor hosts.

import type { Invitation, InvitationType, Snapshot } from '../invitation/invitation.ts';
import { ProviderNotConfigured, ProviderRateLimited, SpareQuotaUsedUp } from '../invitation/problem.ts';
import { PROVIDER_OF, type Ref } from '../invitation/ref.ts';
import { Cancellation } from '../upstream/cancellation.ts';
import type { Payment } from '../upstream/upstream.ts';
import type { SharedSnapshot } from './codec.ts';
import { createKnown, type KnownOptions } from './known.ts';
import { createReads, isPassing, type Reading, type Source } from './reads.ts';
import type { SharedTier } from './redis-tier.ts';
import type { Entry } from './store.ts';

export interface SnapshotWish {
  readonly withIcalendar: boolean;
  /** The oldest answer that will do, in milliseconds; 0 asks the provider. Null leaves it to the gateway. */
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
  const { fly, wantBehind, want, landing, forget } = createReads(sources, { known, shared, now });

  function read(ref: Ref, wish: SnapshotWish): Promise<Snapshot | null> {
    const { maxAgeMs } = wish;
    const source = sources.get(ref.type);
    if (source === undefined) return Promise.reject(new ProviderNotConfigured(PROVIDER_OF[ref.type]));
    const wanted = { ref, withIcalendar: wish.withIcalendar && ref.type === 'SmartInvite', maxAgeMs };
    const key = wanted.withIcalendar ? `${ref.key} with ICS` : ref.key;
    const entry = known.get(key);
    if (entry !== undefined && known.isFresh(entry, maxAgeMs)) return Promise.resolve(entry.snapshot);

    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : now() - entry.seenAt;
    const old = entry !== undefined && isFound(entry) && ageMs <= options.staleMs ? entry : undefined;
    if (old === undefined || maxAgeMs !== null) {
      const payment = wish.isPatient ? 'spare' : entry === undefined || maxAgeMs === null ? 'due' : 'again';
      return readNow(source, key, wanted, wish, payment, old);
    }
    if (ageMs <= options.revalidateMs) {
      wantBehind(key, wanted);
      return Promise.resolve(old.hasFailed ? giveOld(old) : old.snapshot);
    }
    return within(options.patienceMs, fly(source, key, wanted, wish.caller, 'spare'), () => {
      wantBehind(key, wanted);
      return giveOld(old);
    });
  }

  /** For whoever waits for it: an old one will do only where the provider cannot be asked. */
  function readNow(
    source: Source,
    key: string,
    wanted: Reading,
    wish: SnapshotWish,
    payment: Payment,
    old: Found | undefined,
  ): Promise<Snapshot | null> {
    const { maxAgeMs, caller } = wish;
    const askedAt = Date.now();
    const first = fly(source, key, wanted, caller, payment);
    // Who joined the read of somebody less strict may be given what another process has seen.
    const newest =
      maxAgeMs === null
        ? first
        : first.then((snapshot) =>
            snapshot !== null && snapshot.observedAt.getTime() < askedAt - maxAgeMs
              ? fly(source, key, wanted, caller, payment)
              : snapshot,
          );
    return newest.catch((error: unknown) => {
      // Who joined the read of somebody who could do without has a share of the quota left.
      if (error instanceof SpareQuotaUsedUp && payment !== 'spare') return read(wanted.ref, wish);
      if (error instanceof ProviderRateLimited) wantBehind(key, wanted);
      if (old !== undefined && isPassing(error)) return giveOld(old);
      throw error;
    });
  }

  return {
    read,
    peek: (ref) => known.get(ref.key)?.snapshot ?? null,
    want,
    adopt: (seen) => void known.adopt(seen),
    overlay: known.overlay,
    async readSoon(ref) {
      const key = ref.key;
      const source = sources.get(ref.type);
      // A read under way may have begun before what makes us read.
      await landing(key);
      if (source === undefined) return false;
      try {
        await fly(source, key, { ref, withIcalendar: false, maxAgeMs: 0 }, new Cancellation(), 'spare');
        return true;
      } catch {
        want(ref);
        return false;
      }
    },
  };
}

type Found = Entry & { readonly snapshot: Snapshot };

function isFound(entry: Entry): entry is Found {
  return entry.snapshot !== null;
}

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
