// The Pothos builder and what every resolver is given. It defines no types.

import SchemaBuilder from '@pothos/core';
import type { Viewer } from '../access/viewer.ts';
import type { InvitationType } from '../invitation/kinds.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Named, Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { Streams } from '../live/streams.ts';
import type { InvitationLoader } from '../loaders/invitation-loader.ts';
import type { GivenListener } from '../snapshots/given.ts';

export interface ProviderStatus {
  readonly provider: ProviderName;
  readonly isConfigured: boolean;
  readonly circuit: 'CLOSED' | 'OPEN' | 'HALF_OPEN';
  readonly quota: { readonly limit: number; readonly remaining: number; readonly resetsAt: Date } | null;
}

export interface Loaders {
  readonly invitation: InvitationLoader;
}

/** What a list asks for. */
export interface Asked {
  /** For each entry what it names; null where it names nothing, and an error where it can name none. */
  readonly places: readonly (Ref | Error | null)[];
  /** What is named, in the same order. */
  readonly refs: readonly Ref[];
}

/** What one operation works with. */
export interface Context {
  readonly loaders: Loaders;
  /** Loaders that remember nothing yet: each event of a subscription needs its own. */
  readonly createLoaders: () => Loaders;
  readonly streams: Pick<Streams, 'open'>;
  /** How long ago a state was seen, in milliseconds; undefined where it is known no more. */
  readonly ageMs: (snapshot: Snapshot) => number | undefined;
  /** Told how each ref is answered; undefined where nobody listens. */
  readonly given?: GivenListener | undefined;
  /** Who asks. */
  readonly viewer: Viewer;
  readonly providers: () => readonly ProviderStatus[];
  /** What is taken of the natural key of a kind where a caller does not name it. */
  readonly defaultsOf: (type: InvitationType) => Named | undefined;
  /** What the lists that its fields have named so far ask for. */
  asked?: Map<readonly unknown[], Asked> | undefined;
}

export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: never; Output: string | Date };
    Date: { Input: never; Output: string };
    EmailAddress: { Input: never; Output: string };
    TimeZone: { Input: never; Output: string };
  };
}>({ defaultFieldNullability: false });

builder.queryType({
  description: 'What can be asked. Every field answers from whichever provider sent the invitation.',
});
