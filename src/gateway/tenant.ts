// All that is one tenant's own: where its invitations are read, what is known of them, who is told of changes. Tenants share
// the process, Redis, and the quota of an account that two of them use. Nothing in here knows of another tenant. A gateway
// without a file of tenants has one, without a name.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Rate } from '../access/caller-rate.ts';
import type { InvitationType } from '../invitation/kinds.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Named } from '../invitation/ref.ts';
import { createCallbackAddresses } from '../live/callback-addresses.ts';
import { createChanges } from '../live/changes.ts';
import type { FeedListener } from '../live/feed.ts';
import { createNotifications, type Notifications } from '../live/notifications.ts';
import { createSharedNotifications } from '../live/redis-notifications.ts';
import type { StreamPlaces } from '../live/stream-places.ts';
import { createStreams, type Streams } from '../live/streams.ts';
import { createWatcher } from '../live/watcher.ts';
import { providers } from '../providers/index.ts';
import type { Account } from '../providers/provider.ts';
import type { SharedClock } from '../redis/clock.ts';
import type { SharedRedis } from '../redis/redis.ts';
import type { ProviderStatus } from '../schema/builder.ts';
import { REQUEST_TIMEOUT_MS } from '../server/server.ts';
import type { Settings } from '../settings.ts';
import type { Foresight } from '../snapshots/learning.ts';
import { shareEvidence } from '../snapshots/redis-evidence.ts';
import { createSharedTier } from '../snapshots/redis-tier.ts';
import { createSnapshots, type Snapshots } from '../snapshots/snapshots.ts';
import type { StoreSpace } from '../snapshots/store-space.ts';
import type { AccountState, TenantState } from '../telemetry/gateway-state.ts';
import type { Logger } from '../telemetry/log.ts';
import { createTally } from '../telemetry/tally.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { QuotaUsage } from '../upstream/quota.ts';
import type { QuotaWindow } from '../upstream/quota-window.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Quotas } from './quotas.ts';
import { LIMITS, openSources } from './sources.ts';

export interface Tenant extends TenantState {
  readonly snapshots: Snapshots;
  readonly streams: Streams;
  readonly notifications: Notifications;
  /** What is taken of the natural key of a kind where a caller does not name it. */
  defaultsOf(type: InvitationType): Named | undefined;
  /** How it stands with every provider, configured or not. */
  providers(): readonly ProviderStatus[];
  /** Providers that are not called as usual. */
  failing(): readonly ProviderName[];
  /** Completes its streams, lets what is in flight finish, and stops. */
  retire(): Promise<void>;
  /** What was not finished is cut. */
  stop(): void;
}

/** What tenants share. */
export interface Shared {
  readonly settings: Pick<Settings, 'snapshots' | 'streamLifetimeMs' | 'proxy'>;
  readonly quotas: Quotas;
  readonly places: StreamPlaces;
  readonly space: StoreSpace;
  readonly refRate: Rate;
  readonly redis: { readonly client: SharedRedis; readonly clock: SharedClock } | undefined;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Milliseconds of the clock that never goes back. */
  readonly now: () => number;
}

/** A request takes so long to arrive, and its operation reads twice in a row at most: where the read that it shared was not made. */
const FINISH_MS = REQUEST_TIMEOUT_MS + 2 * LIMITS.totalTimeoutMs + 1_000;

/** @param name Null where there is no file of tenants. */
export async function createTenant(
  name: string | null,
  accounts: readonly Account[],
  { settings, quotas, places, space, refRate, redis, telemetry, now, ...shared }: Shared,
): Promise<Tenant> {
  const log = name === null ? shared.log : shared.log.child({ tenant: name });
  const { byType, upstreams } = await openSources(accounts, {
    tenant: name,
    proxy: settings.proxy,
    quotas,
    telemetry,
    log,
  });
  const scope = scopeOf(name, accounts);
  const changes = createChanges();
  const sharing = redis && {
    scope,
    clock: redis.clock,
    now,
    onRubbish: () => log.warn('rubbish in Redis was ignored'),
  };
  const tier = sharing && createSharedTier(redis.client, { ...sharing, ttlMs: settings.snapshots.staleMs });
  const snapshots = createSnapshots(byType, {
    ...settings.snapshots,
    space,
    ...(tier === undefined ? {} : { shared: tier }),
    onChange: changes.publish,
    onSight: telemetry.seen,
    isNotified: (snapshot) => addresses.isNotified(snapshot),
  });
  const endLearning = sharing && shareEvidence(redis.client, snapshots.learning, sharing);
  const addresses = createCallbackAddresses(snapshots, changes);
  const watcher = createWatcher({ snapshots, changes, addresses });
  const endListening = await tier?.listen(snapshots.adopt, () => {
    snapshots.miss();
    watcher.rereadAll();
  });
  const notifications = createNotifications({
    accounts,
    snapshots,
    watcher,
    addresses,
    shared: redis && createSharedNotifications(redis.client, scope, redis.clock, now),
    onIgnored: createTally((count, total) =>
      log.info({ count, total }, 'signed notifications that name no invitation were ignored'),
    ),
    onTold: telemetry.told,
  });
  const endHearing = await notifications.listen();
  const { streamLifetimeMs: lifetimeMs } = settings;
  const feeds = feedListenerOf(telemetry);
  const streams = createStreams({ snapshots, changes, watcher, places, rate: refRate, lifetimeMs, feeds });

  // There may be a thousand tenants, which are all looked at each second, mostly for one of these.
  const states = accounts.flatMap(({ id, provider, reads, quota: windows }): readonly AccountState[] => {
    const upstream = upstreams.get(provider);
    if (upstream === undefined) return [];
    const { quota, circuit } = upstream;
    return [
      {
        id,
        provider,
        get circuit() {
          return circuit();
        },
        get quota() {
          return quota.status();
        },
        get inLine() {
          return quota.inLine;
        },
        get waiting() {
          return snapshots.waiting(reads);
        },
        usage: (takers) => withoutMargin(quota.usage(takers), windows),
        foresight: () => snapshots.learning.get(reads)?.foresight ?? NOTHING_READ,
      },
    ];
  });
  const defaults = new Map(accounts.map((account) => [account.reads, account.defaults]));

  function endBackground(): void {
    endListening?.();
    endHearing?.();
    endLearning?.();
    snapshots.stop();
  }

  function stop(): void {
    endBackground();
    for (const upstream of upstreams.values()) upstream.close();
  }

  return {
    name,
    snapshots,
    streams,
    notifications,
    defaultsOf: (type) => defaults.get(type),
    providers: () => providers.map((provider) => statusOf(provider.name, upstreams.get(provider.name))),
    accounts: () => states,
    failing: () => [...upstreams].filter(([, { circuit }]) => circuit() !== 'CLOSED').map(([provider]) => provider),
    async retire() {
      streams.stop();
      endBackground();
      await sleep(FINISH_MS, undefined, { ref: false });
      stop();
    },
    stop,
  };
}

/**
 * What processes share of snapshots and notifications: a new number where its meaning changes, so that versions keep apart.
 * Its form is in test/redis/format.json.
 */
const FORMAT = 2;

/** Windows are told as the provider has them. */
function withoutMargin(usage: QuotaUsage, windows: readonly QuotaWindow[]): QuotaUsage {
  return {
    ...usage,
    windows: usage.windows.map((window, n) => ({ ...window, windowMs: windows[n]?.windowMs ?? window.windowMs })),
  };
}

const NOTHING_READ: Foresight = { reads: 0, changed: 0, expected: 0 };

/** Processes with the same accounts belong together, tenant by tenant. No id of an account has a slash. */
function scopeOf(name: string | null, accounts: readonly Account[]): string {
  const ids = [FORMAT, ...accounts.map(({ id }) => id)].join('.');
  return name === null ? ids : `${name}/${ids}`;
}

function feedListenerOf({ event, skipped }: Telemetry): FeedListener | undefined {
  return event === undefined || skipped === undefined ? undefined : { event, skipped };
}

function statusOf(provider: ProviderName, upstream: Upstream | undefined): ProviderStatus {
  if (upstream === undefined) return { provider, isConfigured: false, circuit: 'CLOSED', quota: null };
  const { limit, remaining, resetsInMs } = upstream.quota.status();
  return {
    provider,
    isConfigured: true,
    circuit: upstream.circuit(),
    quota: { limit, remaining, resetsAt: new Date(Date.now() + resetsInMs) },
  };
}
