// The DataLoader of one operation: gathers what one tick of resolvers asks for and reads each invitation once. In:
// wishes (a ref, and whether its ICS is wanted). Out: a snapshot, null, or an error, each its own. It knows neither
// GraphQL nor which provider a ref belongs to.

import DataLoader from 'dataloader';
import type { Snapshot } from '../invitation/invitation.ts';
import type { InvitationOf, Ref } from '../invitation/ref.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { Cancellation } from '../upstream/cancellation.ts';

export interface Wish<R extends Ref = Ref> {
  readonly ref: R;
  readonly withIcalendar: boolean;
  /** The oldest answer that will do, in milliseconds; null leaves it to the gateway. */
  readonly maxAgeMs: number | null;
}

export interface InvitationLoader {
  /** @throws Problem where this one could not be read. */
  load<R extends Ref>(wish: Wish<R>): Promise<Snapshot<InvitationOf<R>> | null>;
  /** In the order of the wishes; what could not be read is a Problem in its place. */
  loadMany(wishes: readonly Wish[]): Promise<readonly (Snapshot | null | Error)[]>;
}

/** @param caller is cancelled when the operation's caller has gone. */
export function createInvitationLoader(snapshots: Pick<Snapshots, 'read'>, caller: Cancellation): InvitationLoader {
  // It gathers; what was read is remembered by the snapshots, with its age, and what failed by nobody.
  const loader = new DataLoader<Wish, Snapshot | null>(readBatch, { cache: false });

  async function readBatch(wishes: readonly Wish[]): Promise<(Snapshot | null | Error)[]> {
    const merged = merge(wishes);
    const reads = Array.from(merged.values(), ({ ref, withIcalendar, maxAgeMs }) =>
      snapshots.read(ref, { withIcalendar, maxAgeMs, caller }),
    );
    const outcomes = (await Promise.allSettled(reads)).map(resultOf);
    // Mostly everything was asked for once.
    if (merged.size === wishes.length) return outcomes;
    const places = new Map(Array.from(merged.keys(), (key, place) => [key, place]));
    return wishes.map(({ ref }) => outcomes[places.get(ref.key) ?? 0] ?? null);
  }

  return {
    loadMany: (wishes) => loader.loadMany(wishes),
    async load(wish) {
      const snapshot = await loader.load(wish);
      return snapshot !== null && isOf(wish.ref, snapshot) ? snapshot : null;
    },
  };
}

function isOf<R extends Ref>(ref: R, snapshot: Snapshot): snapshot is Snapshot<InvitationOf<R>> {
  return snapshot.type === ref.type;
}

// One wish a ref, that fulfils all: a read with ICS answers a read without, and the youngest answer does for everybody.
function merge(wishes: readonly Wish[]): Map<string, Wish> {
  const byKey = new Map<string, Wish>();
  for (const wish of wishes) {
    const { key } = wish.ref;
    const other = byKey.get(key);
    byKey.set(key, other === undefined ? wish : both(wish, other));
  }
  return byKey;
}

function both(wish: Wish, other: Wish): Wish {
  return {
    ref: wish.ref,
    withIcalendar: wish.withIcalendar || other.withIcalendar,
    maxAgeMs:
      wish.maxAgeMs === null || other.maxAgeMs === null
        ? (wish.maxAgeMs ?? other.maxAgeMs)
        : Math.min(wish.maxAgeMs, other.maxAgeMs),
  };
}

function resultOf(outcome: PromiseSettledResult<Snapshot | null>): Snapshot | null | Error {
  if (outcome.status === 'fulfilled') return outcome.value;
  return outcome.reason instanceof Error ? outcome.reason : new Error('a read was given up');
}
