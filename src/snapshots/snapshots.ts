// What was last seen of each invitation. Today every read asks the provider; the answer is stamped with when it came.

import type { InvitationType, Snapshot } from '../invitation/invitation.ts';
import { ProviderNotConfigured } from '../invitation/problem.ts';
import { PROVIDER_OF, type Ref } from '../invitation/ref.ts';
import type { Reader, ReadOptions } from '../providers/provider.ts';

export interface Snapshots {
  /**
   * The invitation as the provider sees it.
   * @returns null where the provider knows no such invitation.
   * @throws Problem where it could not be read.
   */
  read(ref: Ref, options: ReadOptions): Promise<Snapshot | null>;
}

export function createSnapshots(readers: ReadonlyMap<InvitationType, Reader>): Snapshots {
  return {
    async read(ref, options) {
      const reader = readers.get(ref.type);
      if (reader === undefined) throw new ProviderNotConfigured(PROVIDER_OF[ref.type]);
      const invitation = await reader.read(ref, options);
      return invitation === null ? null : { invitation, observedAt: new Date(), isStale: false };
    },
  };
}
