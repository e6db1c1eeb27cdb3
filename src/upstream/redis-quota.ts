// A quota that several processes share: the same exact windows, kept in Redis by its own clock (redis-calls.ts). Processes
// hear of each other's calls, so that each knows who is below its share, and what was used where Redis is lost or emptied.
// Calls are taken by call-taker.ts: of Redis, or of this process's own share where Redis cannot be asked (membership.ts).

import type { ProviderName } from '../invitation/provider.ts';
import type { SharedRedis } from '../redis/redis.ts';
import { CallLog } from './call-log.ts';
import { CallTaker, isLate } from './call-taker.ts';
import { CallerDigests } from './caller-digests.ts';
import type { Cancellation } from './cancellation.ts';
import { KnownCalls } from './known-calls.ts';
import { Membership } from './membership.ts';
import { OwnShare } from './own-share.ts';
import type { Payment } from './payment.ts';
import { closedMsOf, type Quota, statusOf, takersOf, windowsOf } from './quota.ts';
import { QuotaLine } from './quota-line.ts';
import type { QuotaWindow } from './quota-window.ts';
import { createRedisCalls, type SharedCall } from './redis-calls.ts';
import { FAIR_RESERVE } from './reserve.ts';
import { Shares } from './shares.ts';

export interface SharedQuotaOptions {
  /** Names the account in Redis; not the credential. */
  readonly accountId: string;
  /** Among how many processes the quota is divided where Redis cannot be asked. */
  readonly processes: number;
  /** The part of each window that is kept for callers below their share at most, 0 to 1. */
  readonly reserve?: number;
}

/** Most calls that are asked for at once. */
const BATCH = 32;

const now = () => performance.now();

export async function createSharedQuota(
  provider: ProviderName,
  windows: readonly QuotaWindow[],
  redis: SharedRedis,
  { accountId, processes, reserve = FAIR_RESERVE }: SharedQuotaOptions,
): Promise<Quota> {
  const process = crypto.randomUUID().slice(0, 8);
  const log = new CallLog(windows);
  const shares = new Shares(log, reserve);
  const known = new KnownCalls(log, shares);
  const own = new OwnShare(log, () => 1 / Math.max(processes, known.processes()), now());
  const digests = new CallerDigests(accountId);
  const redisCalls = createRedisCalls({
    redis,
    windows: () =>
      log.books.map((books) => ({ limit: books.limit, windowMs: books.windowMs, lent: shares.lentOf(books) })),
    accountId,
    process,
  });
  const membership = new Membership({
    own,
    now,
    isUp: () => redis.isUp(),
    exchange,
    onJoined: () => line.serve(),
  });
  const taker = new CallTaker({ process, now: clock, shares, known, own, redisCalls, membership });
  const line = new QuotaLine({
    provider,
    shares,
    now: clock,
    delayMs: (payment, ahead, at) => taker.delayMs(payment, ahead, at),
    take: (wanted, waitedMs) => taker.take(wanted, waitedMs),
    batch: BATCH,
  });

  function clock(): number {
    const at = now();
    log.advance(at);
    return at;
  }

  /** The payment as the books of all processes have it. */
  function anonymous({ how, caller }: Payment): Payment {
    return { how, caller: digests.digestOf(caller) };
  }

  /** Tells Redis what it may not know, and hears what it does. */
  async function exchange(): Promise<boolean> {
    const answer = await redisCalls.sync(known.list(now()), closedMsOf(shares, now()));
    if (answer === undefined) return false;
    hear(answer.calls);
    closeFor(answer.closedMs);
    return true;
  }

  function hear(calls: readonly SharedCall[]): void {
    known.hear(calls, now());
    line.serve();
  }

  function closeFor(forMs: number): void {
    if (forMs <= 0) return;
    shares.closedUntil = Math.max(shares.closedUntil, now() + forMs);
    line.serve();
  }

  /** In how many milliseconds a call that does not wait may be taken, as far as this process knows. */
  function spareDelayMs(payment: Payment): number {
    const ahead = line.ahead(payment);
    const delayMs = taker.delayMs(payment, ahead, clock());
    // What is free next is taken by those that wait.
    return ahead > 0 ? Math.max(1, delayMs) : delayMs;
  }

  /** Counts a call again that was taken and not made, or waits for one. */
  async function pay(share: Payment, until: number, cancellation: Cancellation, unusedAt?: number): Promise<number> {
    const movedAt = unusedAt === undefined ? undefined : await taker.move(share, unusedAt);
    if (movedAt !== undefined) return movedAt;
    const leftMs = Math.max(0, until - now());
    const refused = line.refusal(share, leftMs);
    if (refused !== undefined) throw refused;
    const takenAt = await line.wait(share, leftMs, cancellation);
    return isLate(takenAt, now()) ? pay(share, until, cancellation, takenAt) : takenAt;
  }

  redis.onRecovered(() => void membership.recover());
  await redisCalls.listen({
    calls: hear,
    moved(name) {
      known.move(name, clock());
    },
    closed: closeFor,
    missed: () => void membership.sync(),
  });
  await membership.join();

  return {
    async takeSpare(spare, unusedAt) {
      await membership.join();
      const payment = anonymous(spare);
      if (unusedAt !== undefined && (await taker.move(payment, unusedAt)) !== undefined) return 0;
      const aheadMs = spareDelayMs(payment);
      if (aheadMs > 0) return aheadMs;
      const { taken, at, delayMs } = await taker.take([{ payment, patienceMs: 0 }], 0);
      if (taken === 0) return Math.max(1, delayMs);
      return isLate(at, now()) && (await taker.move(payment, at)) === undefined ? 1 : 0;
    },
    refusal(payment, others, patienceMs) {
      const unpaid = others.map((other) => ({ payment: other.payment && anonymous(other.payment) }));
      return line.refusal(anonymous(payment), patienceMs, unpaid);
    },
    mayHoldConnection(payment) {
      return shares.mayHoldConnection(anonymous(payment), clock());
    },
    // Redis has to be asked.
    takeNow: () => undefined,
    async take(payment, patienceMs, cancellation, unusedAt) {
      if (cancellation.reason !== undefined) throw cancellation.reason;
      const until = now() + patienceMs;
      await membership.join();
      return pay(anonymous(payment), until, cancellation, unusedAt);
    },
    close(forMs) {
      closeFor(forMs);
      redisCalls.close(forMs);
    },
    keepTo(newWindows) {
      log.keepTo(newWindows, clock());
      line.serve();
    },
    get pace() {
      return shares.pace(clock());
    },
    get inLine() {
      return line.size;
    },
    status() {
      const at = clock();
      return membership.isAlone ? own.status(at, shares.closedUntil) : statusOf(log, shares, at);
    },
    usage(most) {
      const at = clock();
      const { takers, ...counts } = takersOf(log, most);
      return {
        windows: membership.isAlone ? own.windows(at) : windowsOf(log),
        // Those of other processes are known by their digests alone.
        takers: takers.map(([digest, calls]) => [digests.callerOf(digest) ?? digest, calls] as const),
        ...counts,
        closedMs: closedMsOf(shares, at),
        isAlone: membership.isAlone,
      };
    },
  };
}
