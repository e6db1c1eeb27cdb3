// The quota of each account in this process. It is the account's: tenants that use one account share it, because the provider
// counts their calls together. An account's calls are remembered after its last tenant has gone: the provider remembers
// them too.

import type { ProviderName } from '../invitation/provider.ts';
import type { Account } from '../providers/provider.ts';
import type { SharedRedis } from '../redis/redis.ts';
import type { Settings } from '../settings.ts';
import { createQuota, type Quota } from '../upstream/quota.ts';
import { type QuotaWindow, withMargin } from '../upstream/quota-window.ts';
import { createSharedQuota } from '../upstream/redis-quota.ts';

export interface Quotas {
  of(account: Account): Quota | Promise<Quota>;
  /** How many callers of this process wait for a call, by provider. */
  inLine(): ReadonlyMap<ProviderName, number>;
}

/** @param redis Where processes share them; undefined where there is one process. */
export function createQuotas(
  { processes, fairReserve: reserve }: Pick<Settings, 'processes' | 'fairReserve'>,
  redis: SharedRedis | undefined,
): Quotas {
  const quotas = new Map<string, Entry>();

  function create({ id: accountId, provider, quota }: Account): Quota | Promise<Quota> {
    const windows = withMargin(quota);
    return redis === undefined
      ? createQuota(provider, windows, { reserve })
      : createSharedQuota(provider, windows, redis, { accountId, processes, reserve });
  }

  function add(account: Account): Entry {
    const { provider } = account;
    const entry: Entry = { provider, quota: create(account), inLine: () => 0, windows: JSON.stringify(account.quota) };
    quotas.set(account.id, entry);
    // One that could not be made is made when it is next asked for.
    const made = (quota: Quota) => {
      entry.inLine = () => quota.inLine;
    };
    if (entry.quota instanceof Promise) entry.quota.then(made, () => quotas.delete(account.id));
    else made(entry.quota);
    return entry;
  }

  return {
    of(account) {
      const entry = quotas.get(account.id) ?? add(account);
      const windows = JSON.stringify(account.quota);
      if (entry.windows !== windows) {
        entry.windows = windows;
        entry.quota = keptTo(entry.quota, withMargin(account.quota));
      }
      return entry.quota;
    },
    inLine() {
      const counts = new Map<ProviderName, number>();
      for (const { provider, inLine } of quotas.values()) counts.set(provider, (counts.get(provider) ?? 0) + inLine());
      return counts;
    },
  };
}

interface Entry {
  readonly provider: ProviderName;
  /** Nobody before the quota is made. */
  inLine: () => number;
  quota: Quota | Promise<Quota>;
  /** Those that it keeps to. They may be set anew: what was called before counts in the new ones. */
  windows: string;
}

function keptTo(quota: Quota | Promise<Quota>, windows: readonly QuotaWindow[]): Quota | Promise<Quota> {
  if (quota instanceof Promise) {
    return quota.then((made) => {
      made.keepTo(windows);
      return made;
    });
  }
  quota.keepTo(windows);
  return quota;
}
