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
  // It gathers the lists that the fields of one tick ask for; what was read is remembered by the snapshots, with its age,
  // and what failed by nobody.
  const loader = new DataLoader<readonly Wish[], Outcome[]>(readLists, { cache: false });

  async function readLists(lists: readonly (readonly Wish[])[]): Promise<Outcome[][]> {
    const outcomes = await readAll(lists.flat());
    let from = 0;
    return lists.map(({ length }) => {
      from += length;
      return outcomes.slice(from - length, from);
    });
  }

  async function readAll(wishes: readonly Wish[]): Promise<Outcome[]> {
    const merged = merge(wishes);
    const withIcalendar = new Set<string>();
    for (const wish of wishes) if (wish.withIcalendar) withIcalendar.add(wish.ref.key);
    const reads = Array.from(merged.values(), ({ ref, maxAgeMs }) =>
      snapshots.read(ref, { withIcalendar: withIcalendar.has(ref.key), maxAgeMs, caller }),
    );
    const outcomes = (await Promise.allSettled(reads)).map(outcomeOf);
    // Mostly everything was asked for once.
    if (merged.size === wishes.length) return outcomes;
    const places = new Map(Array.from(merged.keys(), (key, place) => [key, place]));
    return wishes.map((wish) => outcomes[places.get(keyOf(wish)) ?? 0] ?? null);
  }

  return {
    loadMany: (wishes) => loader.load(wishes),
    async load(wish) {
      const [outcome = null] = await loader.load([wish]);
      if (outcome instanceof Error) throw outcome;
      return outcome !== null && isOf(wish.ref, outcome) ? outcome : null;
    },
  };
}

type Outcome = Snapshot | null | Error;

function isOf<R extends Ref>(ref: R, snapshot: Snapshot): snapshot is Snapshot<InvitationOf<R>> {
  return snapshot.type === ref.type;
}

// The youngest answer that anybody names does for everybody who names an age. Whoever leaves the age to the gateway is
// asked for apart, since the gateway may know better (and the snapshots make one call of both).
function merge(wishes: readonly Wish[]): Map<string, Wish> {
  const merged = new Map<string, Wish>();
  for (const wish of wishes) {
    const key = keyOf(wish);
    const other = merged.get(key);
    if (other === undefined || (wish.maxAgeMs ?? 0) < (other.maxAgeMs ?? 0)) merged.set(key, wish);
  }
  return merged;
}

function keyOf({ ref, maxAgeMs }: Wish): string {
  return maxAgeMs === null ? ref.key : `${ref.key} by age`;
}

function outcomeOf(outcome: PromiseSettledResult<Snapshot | null>): Outcome {
  if (outcome.status === 'fulfilled') return outcome.value;
  return outcome.reason instanceof Error ? outcome.reason : new Error('a read was given up');
}
