// What was last seen of each invitation, shared by all operations of the process: decides whether an answer is fresh
// enough, whether it is read again and who waits for that, and what is given where the provider cannot be asked. In: a
// ref and how old its answer may be. Out: a snapshot that is honest about its age, null, or a problem. It knows neither
// GraphQL nor hosts.

import { isDeepStrictEqual } from 'node:util';
import { type Invitation, type InvitationType, isFinal, type Snapshot } from '../invitation/invitation.ts';
import {
  ProviderNotConfigured,
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderTimeout,
  ProviderUnauthorized,
  ProviderUnavailable,
} from '../invitation/problem.ts';
import { PROVIDER_OF, type Ref } from '../invitation/ref.ts';
import type { Reader } from '../providers/provider.ts';
import { Cancellation } from '../upstream/cancellation.ts';
import type { Payment, Upstream } from '../upstream/upstream.ts';
import type { SharedSnapshot } from './codec.ts';
import { createFlights } from './flights.ts';
import type { Freshness } from './freshness.ts';
import type { SharedTier } from './redis-tier.ts';
import { createRefresher, type Refresher } from './refresher.ts';
import { createStore, type Entry, type StoreLimits } from './store.ts';

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
  /** Asks for a read as the quota allows, behind everybody's back; not where it was read so short a time ago. */
  want(ref: Ref, unlessWithinMs?: number): void;
  /** Reads now if the quota allows it, else as soon as it does. @returns whether it was read now. */
  readSoon(ref: Ref): Promise<boolean>;
  /**
   * Lays over what is known something that is only probably true: it is shown, as stale, until a read confirms it or
   * puts it right.
   */
  overlay(ref: Ref, change: (invitation: Invitation) => Invitation): void;
  /** Takes over what another process has read. */
  adopt(shared: SharedSnapshot): void;
}

/** Where one kind of invitation is read. */
export interface Source {
  readonly reader: Reader;
  readonly upstream: Pick<Upstream, 'quota' | 'policy'>;
}

export interface SnapshotOptions extends Freshness, StoreLimits {
  /** Told of every state of an invitation that differs from the one before, and of the first. */
  readonly onChange?: (ref: Ref, snapshot: Snapshot) => void;
  /** What other processes have seen, where there are others. */
  readonly shared?: Pick<SharedTier, 'find' | 'claim' | 'share'>;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

export function createSnapshots(sources: ReadonlyMap<InvitationType, Source>, options: SnapshotOptions): Snapshots {
  const { now = () => performance.now() } = options;
  const store = createStore(options);
  const flights = createFlights();
  const refreshers = new Map<InvitationType, Refresher>();
  for (const [type, source] of sources) {
    refreshers.set(
      type,
      createRefresher(source.upstream, {
        read: (key, wanted) => refresh(source, key, wanted, 'taken'),
        ...(options.shared === undefined ? {} : { claim: options.shared.claim }),
        now,
      }),
    );
  }

  function fly(
    source: Source,
    key: string,
    { ref, withIcalendar, maxAgeMs = null }: { ref: Ref; withIcalendar: boolean; maxAgeMs?: number | null },
    caller: Cancellation,
    payment: Payment,
  ) {
    return flights.join(key, caller, async (cancellation) => {
      const seen = payment === 'taken' ? undefined : await findShared(ref, withIcalendar, maxAgeMs);
      if (seen !== undefined) return seen;
      if (payment === 'spare' && !maySpare(source, ref.type)) {
        throw new ProviderRateLimited(PROVIDER_OF[ref.type], null);
      }
      try {
        const invitation = await source.reader.read(ref, { withIcalendar, cancellation, payment });
        const snapshot = invitation && { invitation, observedAt: new Date(), isStale: false };
        keep(key, ref, { snapshot, seenAt: now(), hasFailed: false });
        if (snapshot !== null) {
          options.shared?.share({ ref, invitation: snapshot.invitation, observedAt: snapshot.observedAt.getTime() });
        }
        return snapshot;
      } catch (error) {
        const entry = store.get(key);
        if (entry !== undefined && isPassing(error)) entry.hasFailed = true;
        // Whoever asks next is told, too: an old answer must not hide that the gateway is no longer let in.
        if (error instanceof ProviderUnauthorized) store.delete(key);
        throw error;
      }
    });
  }

  /** What another process has seen, if that is fresh enough; it is kept here too. */
  async function findShared(ref: Ref, withIcalendar: boolean, maxAgeMs: number | null): Promise<Snapshot | undefined> {
    const shared = maxAgeMs === 0 ? undefined : await options.shared?.find(ref);
    const entry = shared && adopt(shared);
    if (!entry?.snapshot || (withIcalendar && entry.snapshot.invitation.type === 'SmartInvite')) return undefined;
    return now() - entry.seenAt <= (maxAgeMs ?? freshMsOf(entry, options)) ? entry.snapshot : undefined;
  }

  /** Keeps what another process has seen, where that is newer than what is known here. */
  function adopt({ ref, invitation, observedAt }: SharedSnapshot): Entry {
    const key = ref.key;
    const known = store.get(key);
    // The wall clock is the one that processes share; ours never goes back, so the age is what is carried over.
    const seenAt = now() - Math.max(0, Date.now() - observedAt);
    if (known !== undefined && known.seenAt >= seenAt) return known;
    const entry = {
      snapshot: { invitation, observedAt: new Date(observedAt), isStale: false },
      seenAt,
      hasFailed: false,
    };
    keep(key, ref, entry);
    return entry;
  }

  function keep(key: string, ref: Ref, entry: Entry): void {
    const { snapshot } = entry;
    const plainKey = ref.key;
    const before = store.get(plainKey);
    store.set(key, entry);
    // A read with ICS answers one without.
    if (key !== plainKey) store.set(plainKey, entry);
    const refresher = refreshers.get(ref.type);
    refresher?.forget(key);
    if (key !== plainKey) refresher?.forget(plainKey);
    if (snapshot === null) return;
    // What was shown as stale is told again when it is confirmed.
    const isNews = !before?.snapshot || before.hasFailed || !isSame(before.snapshot.invitation, snapshot.invitation);
    if (isNews) options.onChange?.(ref, snapshot);
  }

  /** Asks for a read behind everybody's back, unless one is under way that fulfils it. */
  function wantBy(key: string, ref: Ref, withIcalendar: boolean): void {
    const seenAt = store.get(key)?.seenAt ?? Number.NEGATIVE_INFINITY;
    if (!flights.has(key)) refreshers.get(ref.type)?.want(key, { ref, withIcalendar, seenAt });
  }

  function want(ref: Ref, unlessWithinMs = 0): void {
    const seenAt = store.get(ref.key)?.seenAt ?? Number.NEGATIVE_INFINITY;
    if (now() - seenAt >= unlessWithinMs) wantBy(ref.key, ref, false);
  }

  async function refresh(
    source: Source,
    key: string,
    wanted: { ref: Ref; withIcalendar: boolean; maxAgeMs?: number },
    payment: 'taken' | 'spare',
  ): Promise<boolean> {
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
    async read(ref, { withIcalendar, maxAgeMs, caller, isPatient = false }) {
      const source = sources.get(ref.type);
      if (source === undefined) throw new ProviderNotConfigured(PROVIDER_OF[ref.type]);
      const key = withIcalendar ? `${ref.key} with ICS` : ref.key;
      const entry = store.get(key);
      const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : now() - entry.seenAt;
      if (entry !== undefined && ageMs <= (maxAgeMs ?? freshMsOf(entry, options))) return entry.snapshot;

      const old = entry !== undefined && entry.snapshot !== null && ageMs <= options.staleMs ? entry.snapshot : null;
      if (old !== null && maxAgeMs === null) {
        if (ageMs <= options.revalidateMs) {
          wantBy(key, ref, withIcalendar);
          return entry?.hasFailed ? stale(old) : old;
        }
        const read = fly(source, key, { ref, withIcalendar }, caller, 'spare');
        return within(options.patienceMs, read, old, () => wantBy(key, ref, withIcalendar));
      }
      try {
        return await fly(source, key, { ref, withIcalendar, maxAgeMs }, caller, isPatient ? 'spare' : 'due');
      } catch (error) {
        if (error instanceof ProviderRateLimited) wantBy(key, ref, withIcalendar);
        if (old !== null && isPassing(error)) return stale(old);
        throw error;
      }
    },
    want,
    adopt: (shared) => void adopt(shared),
    async readSoon(ref) {
      const key = ref.key;
      const source = sources.get(ref.type);
      // A read under way may have begun before what makes us read.
      await flights.landing(key);
      const isRead =
        source !== undefined && (await refresh(source, key, { ref, withIcalendar: false, maxAgeMs: 0 }, 'spare'));
      if (!isRead) want(ref);
      return isRead;
    },
    overlay(ref, change) {
      const key = ref.key;
      const entry = store.get(key);
      if (!entry?.snapshot) return;
      const invitation = change(entry.snapshot.invitation);
      if (isSame(invitation, entry.snapshot.invitation)) return;
      const snapshot = { ...stale(entry.snapshot), invitation };
      store.set(key, { ...entry, snapshot, hasFailed: true });
      options.onChange?.(ref, snapshot);
    },
  };
}

/** Whether two states are the same to whoever looks; the ICS is only there in reads that asked for it. */
function isSame(a: Invitation, b: Invitation): boolean {
  return isDeepStrictEqual({ ...a, attachments: null }, { ...b, attachments: null });
}

function freshMsOf({ snapshot }: Entry, { freshMs, finalMs, notFoundMs }: Freshness): number {
  if (snapshot === null) return notFoundMs;
  return isFinal(snapshot.invitation, new Date()) ? finalMs : freshMs;
}

function stale(snapshot: Snapshot): Snapshot {
  return { ...snapshot, isStale: true };
}

/** The read's answer, or the old one where the read takes too long or the provider cannot be asked. */
function within(
  patienceMs: number,
  read: Promise<Snapshot | null>,
  old: Snapshot,
  want: () => void,
): Promise<Snapshot | null> {
  return new Promise((resolve, reject) => {
    const giveOld = () => {
      want();
      resolve(stale(old));
    };
    const timer = setTimeout(giveOld, patienceMs);
    read
      .finally(() => clearTimeout(timer))
      .then(resolve, (error: unknown) => (isPassing(error) ? giveOld() : reject(error)));
  });
}

/** The provider could not be asked: not that it refused, or that its answer was no good. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof ProviderRateLimited ||
    error instanceof ProviderTimeout ||
    error instanceof ProviderUnavailable ||
    error instanceof ProviderOverloaded
  );
}
