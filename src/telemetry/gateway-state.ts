// What there is to look up in a running gateway, for those who show it.

import type { ProviderName } from '../invitation/provider.ts';
import type { StreamCounts } from '../server/open-streams.ts';
import type { Waiting } from '../snapshots/lanes.ts';
import type { Foresight } from '../snapshots/learning.ts';
import type { Held } from '../snapshots/store-space.ts';
import type { Circuit } from '../upstream/breaker.ts';
import type { QuotaStatus, QuotaUsage } from '../upstream/quota.ts';

export interface GatewayState {
  /** Those that are in use. */
  tenants(): readonly TenantState[];
  /** What is kept of invitations, of all tenants together. */
  held(): Held;
  /** How many streams are open, by what they come by. */
  streams(): StreamCounts;
  /** Documents that are kept, and about how many bytes they take. */
  documents(): { readonly count: number; readonly bytes: number };
  /** How many callers wait for a call of a quota, by provider. */
  inLine(): ReadonlyMap<ProviderName, number>;
  /** How it stands with the published keys that tokens are checked with; undefined where none are needed. */
  keys(): KeysState | undefined;
  /** Whether Redis can be used; undefined where there is none. */
  readonly isRedisUp: (() => boolean) | undefined;
  /** Called before what is counted is read: operations are counted in batches. */
  settle(): void;
}

/** Of all sets of keys that are in use: the gateway's, and those of tenants with their own. */
export interface KeysState {
  readonly sets: number;
  /** How many could not be fetched when that was last tried. */
  readonly failing: number;
  /** How long ago the oldest was fetched, in milliseconds; Infinity where one never was. */
  readonly oldestMs: number;
}

export interface TenantState {
  /** Null where there is no file of tenants. */
  readonly name: string | null;
  accounts(): readonly AccountState[];
}

/** How it stands with one account. */
export interface AccountState {
  /** Names it among processes. It may be what an operator has set: it goes into no log. */
  readonly id: string;
  readonly provider: ProviderName;
  readonly circuit: Circuit;
  readonly quota: QuotaStatus;
  /** How many callers wait for a call of the quota, of all tenants that use it. */
  readonly inLine: number;
  /** What is due to be read again and was not yet. */
  readonly waiting: Waiting;
  /** How it stands with all windows, and which callers use them most, so many of them. */
  usage(takers: number): QuotaUsage;
  /** What reads have found, held against what was expected. */
  foresight(): Foresight;
}
