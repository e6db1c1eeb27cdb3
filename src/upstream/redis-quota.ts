// A quota that several processes share: the same exact windows, kept in Redis by its own clock. Where Redis cannot be
// asked, each process keeps to its share of them, and what it has used of late counts.

import { ProviderRateLimited } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { SharedRedis } from '../redis/redis.ts';
import type { Cancellation } from './cancellation.ts';
import { BACKGROUND_SHARE, createQuota, paceOf, type Quota, type QuotaWindow, usableOf } from './quota.ts';

// KEYS: the calls made, and the gate. ARGV: a unique name of this call, then usable limit and length of each window.
// Gives 0 and records the call, or in how many milliseconds to ask again.
const TAKE = `
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('DEL', KEYS[1]) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local delay = redis.call('PTTL', KEYS[2])
if delay < 0 then delay = 0 end
local longest = 0
for i = 2, #ARGV, 2 do
  local usable, length = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  if length > longest then longest = length end
  local used = redis.call('ZCOUNT', KEYS[1], '(' .. (now - length), '+inf')
  if used >= usable then
    local blocking = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. (now - length), '+inf', 'WITHSCORES', 'LIMIT', used - usable, 1)
    local wait = tonumber(blocking[2]) + length - now
    if wait > delay then delay = wait end
  end
end
if delay > 0 then return delay end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - longest)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], longest)
return 0
`;

// KEYS: the gate. ARGV: for how many milliseconds. One that is closed for longer stays so.
const CLOSE = `
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
return 0
`;

export interface SharedQuotaOptions {
  /** Names the account in Redis; not the credential. */
  readonly accountId: string;
  /** Among how many processes the quota is divided where Redis cannot be asked. */
  readonly processes: number;
}

export function createSharedQuota(
  provider: ProviderName,
  windows: readonly QuotaWindow[],
  redis: SharedRedis,
  { accountId, processes }: SharedQuotaOptions,
): Quota {
  /** What this process may do alone. */
  const ownShare = createQuota(
    provider,
    windows.map(({ limit, windowMs }) => ({ limit: Math.max(1, Math.floor(limit / processes)), windowMs })),
  );
  /** What all may do together: a Redis that was emptied would allow it a second time. */
  const everybody = createQuota(provider, windows);
  // One hash tag: in a cluster, what one script touches lies on one server.
  const keys = [`gateway:{${accountId}}:quota`, `gateway:{${accountId}}:gate`];
  const process = crypto.randomUUID();
  const longestMs = Math.max(...windows.map(({ windowMs }) => windowMs));
  let aloneUntil = Number.NEGATIVE_INFINITY;
  let calls = 0;

  async function takeShared(share: number): Promise<number | undefined> {
    // What this process has done itself, and a gate that was closed while Redis was away, are known here. Redis knows
    // nothing of what was used meanwhile: until that is over, our share holds as well. All of it is looked at first,
    // because Redis counts each call that it lets pass.
    const own = performance.now() < aloneUntil ? ownShare : everybody;
    const ownMs = own.delayMs(share);
    if (ownMs > 0) return ownMs;
    const usable = windows.flatMap(({ limit, windowMs }) => [usableOf(limit, share), Math.ceil(windowMs)]);
    calls += 1;
    const name = `${process}:${calls}`;
    const delayMs = await redis.ask((client) => client.eval(TAKE, keys.length, ...keys, name, ...usable));
    if (typeof delayMs !== 'number') {
      aloneUntil = performance.now() + longestMs;
      return undefined;
    }
    if (delayMs > 0) return delayMs;
    // Others may have passed while Redis was asked.
    const lateMs = own.delayMs(share);
    if (lateMs > 0) return lateMs;
    record();
    return 0;
  }

  function record(): void {
    ownShare.record();
    everybody.record();
  }

  return {
    async takeInBackground() {
      const delayMs = await takeShared(BACKGROUND_SHARE);
      if (delayMs !== undefined) return delayMs;
      const aloneMs = ownShare.takeInBackground();
      if (aloneMs === 0) everybody.record();
      return aloneMs;
    },
    // Only Redis knows, and it is asked when a connection is free.
    refusal: () => undefined,
    takeNow: () => false,
    async take(patienceMs, cancellation) {
      const until = performance.now() + patienceMs;
      while (true) {
        const delayMs = await takeShared(1);
        const leftMs = until - performance.now();
        if (delayMs === undefined) {
          await ownShare.take(leftMs, cancellation);
          return everybody.record();
        }
        if (delayMs === 0) return;
        if (delayMs > leftMs) throw new ProviderRateLimited(provider, Math.max(1, Math.ceil(delayMs / 1_000)));
        await wait(delayMs, cancellation);
      }
    },
    close(forMs) {
      ownShare.close(forMs);
      everybody.close(forMs);
      void redis.ask((client) => client.eval(CLOSE, 1, keys[1] ?? '', Math.ceil(forMs)));
    },
    // Of this process alone: asking Redis for it would make a question of a status.
    status: () => ownShare.status(),
    // Of everybody: one process alone may have all the work.
    pace: paceOf(windows),
  };
}

function wait(delayMs: number, cancellation: Cancellation): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      cancellation.remove(waiter);
      resolve();
    }, delayMs);
    const waiter = {
      cancelled(reason: Error) {
        clearTimeout(timer);
        reject(reason);
      },
    };
    cancellation.add(waiter);
  });
}
