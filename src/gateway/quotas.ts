// The quota of each account in this process. It is the account's: tenants that use one account share it, because the provider
// counts their calls together. An account's calls are remembered after its last tenant has gone: the provider remembers
// them too.

import type { Account } from '../providers/provider.ts';
import type { SharedRedis } from '../redis/redis.ts';
import type { Settings } from '../settings.ts';
import { createQuota, type Quota } from '../upstream/quota.ts';
import { withMargin } from '../upstream/quota-window.ts';
import { createSharedQuota } from '../upstream/redis-quota.ts';

export interface Quotas {
  of(account: Account): Quota | Promise<Quota>;
}

/** @param redis Where processes share them; undefined where there is one process. */
export function createQuotas(
  { processes, fairReserve: reserve }: Pick<Settings, 'processes' | 'fairReserve'>,
  redis: SharedRedis | undefined,
): Quotas {
  const quotas = new Map<string, Quota | Promise<Quota>>();

  function create({ id: accountId, provider, quota }: Account): Quota | Promise<Quota> {
    const windows = withMargin(quota);
    return redis === undefined
      ? createQuota(provider, windows, { reserve })
      : createSharedQuota(provider, windows, redis, { accountId, processes, reserve });
  }

  return {
    of(account) {
      // Windows that were set anew begin with empty books.
      const key = `${account.id} ${JSON.stringify(account.quota)}`;
      const quota = quotas.get(key) ?? create(account);
      quotas.set(key, quota);
      return quota;
    },
  };
}
