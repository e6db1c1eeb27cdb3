// The DataLoader of one operation: gathers what one tick of resolvers asks for and reads each invitation once. In:
// wishes (a ref, and whether its ICS is wanted). Out: a snapshot, null, or an error, each its own. It knows neither
// GraphQL nor which provider a ref belongs to.

import DataLoader from 'dataloader';
import type { Snapshot } from '../invitation/invitation.ts';
import { type InvitationOf, keyOf, type Ref } from '../invitation/ref.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';

export interface Wish<R extends Ref = Ref> {
  readonly ref: R;
  readonly withIcalendar: boolean;
}

export interface InvitationLoader {
  /** @throws Problem where this one could not be read. */
  load<R extends Ref>(wish: Wish<R>): Promise<Snapshot<InvitationOf<R>> | null>;
}

/** @param signal aborts when the operation's caller has gone. */
export function createInvitationLoader(snapshots: Snapshots, signal: AbortSignal | undefined): InvitationLoader {
  const loader = new DataLoader<Wish, Snapshot | null, string>(readBatch, {
    cacheKeyFn: (wish) => `${wish.withIcalendar ? 'with' : 'without'} ICS ${keyOf(wish.ref)}`,
  });

  async function readBatch(wishes: readonly Wish[]): Promise<(Snapshot | null | Error)[]> {
    const reads = new Map<string, Promise<Snapshot | null | Error>>();
    for (const { ref, withIcalendar } of merge(wishes)) {
      const read = snapshots.read(ref, { withIcalendar, signal });
      reads.set(keyOf(ref), read.catch(asError));
    }
    return Promise.all(
      wishes.map(async (wish) => {
        const result = (await reads.get(keyOf(wish.ref))) ?? null;
        // DataLoader would keep a failure as it keeps a value: forget it, so that asking again asks again.
        if (result instanceof Error) loader.clear(wish);
        return result;
      }),
    );
  }

  return {
    async load(wish) {
      const snapshot = await loader.load(wish);
      return snapshot !== null && isOf(wish.ref, snapshot) ? snapshot : null;
    },
  };
}

function isOf<R extends Ref>(ref: R, snapshot: Snapshot): snapshot is Snapshot<InvitationOf<R>> {
  return snapshot.invitation.type === ref.type;
}

// A read with ICS answers a read without, so one call serves both.
function merge(wishes: readonly Wish[]): Iterable<Wish> {
  const byRef = new Map<string, Wish>();
  for (const wish of wishes) {
    const key = keyOf(wish.ref);
    if (wish.withIcalendar || !byRef.has(key)) byRef.set(key, wish);
  }
  return byRef.values();
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('a read was given up');
}
