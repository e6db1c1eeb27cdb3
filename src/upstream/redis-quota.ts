// A quota that several processes share: the same exact windows, kept in Redis by its own clock (redis-calls.ts). A call is
// made where this process and Redis both have room for it, because either may have forgotten what the other knows.
// Processes hear of each other's calls, so that each knows who is below its share, and what was used where Redis is lost
// or emptied. Without Redis a process keeps to its own share (own-share.ts), and for a short time after Redis is back:
// others tell Redis only then what they did meanwhile.

import type { ProviderName } from '../invitation/provider.ts';
import type { SharedRedis } from '../redis/redis.ts';
import { CallLog } from './call-log.ts';
import { digestOf, nameOfCall, readName } from './call-name.ts';
import { KnownCalls } from './known-calls.ts';
import { OwnShare } from './own-share.ts';
import { isSpare, type Payment } from './payment.ts';
import { closedMsOf, type Quota, statusOf, takersOf, windowOf } from './quota.ts';
import { QuotaLine, type Taken } from './quota-line.ts';
import type { QuotaWindow } from './quota-window.ts';
import { createRedisCalls, type Rank, type SharedCall } from './redis-calls.ts';
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

/** How long after Redis is back others may not have come back to it, in milliseconds. */
const SETTLE_MS = 3_000;

/** Most calls that are asked for at once. */
const BATCH = 32;

const now = () => performance.now();

/** Most callers whose digests are remembered. */
const MAX_DIGESTS = 10_000;

export async function createSharedQuota(
  provider: ProviderName,
  windows: readonly QuotaWindow[],
  redis: SharedRedis,
  { accountId, processes, reserve = FAIR_RESERVE }: SharedQuotaOptions,
): Promise<Quota> {
  const process = crypto.randomUUID().slice(0, 8);
  const log = new CallLog(windows);
  const shares = new Shares(log, reserve);
  const known = new KnownCalls(() => log.longest.windowMs);
  const redisCallsOf = (kept: readonly QuotaWindow[]) =>
    createRedisCalls({
      redis,
      windows: kept,
      accountId,
      process,
      lent: () => log.books.map((books) => shares.lentOf(books)),
    });
  let shared = redisCallsOf(windows);
  const own = new OwnShare(log, () => 1 / Math.max(processes, known.processes()), now());
  const digests = new Map<string, string>();
  /** The other way round. */
  const callers = new Map<string, string>();
  let calls = 0;
  /** Redis is asked; else this process is alone. */
  let isTogether = false;
  let hasBeenTogether = false;
  /** Until then this process keeps to its own share as well. */
  let settledAt = Number.NEGATIVE_INFINITY;
  let syncing: Promise<void> | undefined;

  function clock(): number {
    const at = now();
    log.advance(at);
    return at;
  }

  /** The payment as the books of all processes have it. */
  function shareOf({ how, caller }: Payment): Payment {
    let digest = digests.get(caller);
    if (digest === undefined) {
      if (digests.size >= MAX_DIGESTS) {
        digests.clear();
        callers.clear();
      }
      digest = caller === '' ? '' : digestOf(accountId, caller);
      digests.set(caller, digest);
      callers.set(digest, caller);
    }
    return { how, caller: digest };
  }

  function delayMs(payment: Payment, ahead: number, at: number): number {
    const delay = shares.delayMs(payment, ahead, at);
    return isTogether && at >= settledAt ? delay : Math.max(delay, own.delayMs(ahead, at));
  }

  function record(name: string, at: number): void {
    const call = readName(name);
    if (call === undefined || !known.add(name, at)) return;
    shares.record(at, call);
  }

  /** A call that was taken and not made counts from `at` on. */
  function move(name: string, at: number): void {
    const [call, before] = [readName(name), known.at(name)];
    if (call === undefined || before === undefined) return;
    known.move(name, at);
    log.move(call.caller, before, at);
  }

  /** @returns when the call counts from now on; undefined where it is not known. */
  async function moveOwn({ caller }: Payment, unusedAt: number | undefined): Promise<number | undefined> {
    const name = unusedAt === undefined ? undefined : known.lastOf(process, caller, unusedAt);
    if (name === undefined || !isTogether || !(await shared.move(name))) return undefined;
    const at = clock();
    move(name, at);
    return at;
  }

  /** Hears of calls that other processes have made. */
  function hear(others: readonly SharedCall[]): void {
    const at = now();
    // What was made longer ago than a window is no matter; and the log takes them in their order.
    for (const { name, ageMs } of others.toSorted((a, b) => b.ageMs - a.ageMs)) {
      if (ageMs >= 0 && ageMs < log.longest.windowMs) record(name, at - ageMs);
    }
    line.serve();
  }

  function lose(): void {
    if (isTogether || !hasSettled()) own.lost(now());
    isTogether = false;
  }

  function hasSettled(): boolean {
    return now() >= settledAt;
  }

  /** Tells Redis what it may not know, and hears what it does. */
  async function sync(): Promise<void> {
    const answer = await shared.sync(known.list(now()), Math.max(0, shares.closedUntil - now()));
    if (answer === undefined) return lose();
    hear(answer.calls);
    closeFor(answer.closedMs);
    if (isTogether) return;
    settledAt = hasBeenTogether || own.isUsed() ? now() + SETTLE_MS : Number.NEGATIVE_INFINITY;
    isTogether = true;
    hasBeenTogether = true;
    line.serve();
  }

  /** Asks Redis again where this process has been without it. */
  function comeBack(): Promise<void> | undefined {
    if (isTogether || !redis.isUp()) return undefined;
    syncing ??= sync().finally(() => {
      syncing = undefined;
    });
    return syncing;
  }

  function closeFor(forMs: number): void {
    if (forMs <= 0) return;
    shares.closedUntil = Math.max(shares.closedUntil, now() + forMs);
    line.serve();
  }

  function rankOf(payment: Payment, isFirst = false): Rank {
    if (isSpare(payment)) return 2;
    return isFirst ? 0 : 1;
  }

  async function takeShared(payments: readonly Payment[], waitedMs: number): Promise<Taken> {
    const areFirst = shares.areFirst(payments);
    const wanted = payments.map((payment, n) => ({
      name: nameFor(payment),
      rank: rankOf(payment, areFirst[n]),
      spread: shares.spreadOf(payment, payments.length),
    }));
    let answer = await shared.take(wanted, waitedMs, known.count(now()));
    if (answer === 'behind') {
      await sync();
      answer = isTogether ? await shared.take(wanted, waitedMs, 0) : undefined;
    }
    if (answer === undefined || answer === 'behind') {
      lose();
      return { taken: 0, at: now(), delayMs: 1 };
    }
    const at = clock();
    for (const { name } of wanted.slice(0, answer.taken)) record(name, at);
    if (!hasSettled()) own.record(at, answer.taken);
    return { ...answer, at };
  }

  function takeAlone(payments: readonly Payment[]): Taken {
    const at = clock();
    for (const payment of payments) record(nameFor(payment), at);
    own.record(at, payments.length);
    return { taken: payments.length, at, delayMs: 0 };
  }

  function nameFor({ how, caller }: Payment): string {
    calls += 1;
    return nameOfCall(process, calls, how, caller);
  }

  const takeCalls = (payments: readonly Payment[], waitedMs: number) =>
    isTogether ? takeShared(payments, waitedMs) : takeAlone(payments);
  const line = new QuotaLine({ provider, shares, now: clock, delayMs, batch: BATCH, take: takeCalls });

  /** In how many milliseconds a call that does not wait may be taken, as far as this process knows. */
  function spareDelayMs(payment: Payment): number {
    const ahead = line.ahead(payment);
    const delay = delayMs(payment, ahead, clock());
    // What is free next is taken by those that wait.
    return ahead > 0 ? Math.max(1, delay) : delay;
  }

  redis.onRecovered(() => {
    lose();
    void comeBack();
  });
  await shared.listen({
    calls: hear,
    moved: (name) => move(name, clock()),
    closed: closeFor,
    missed: () => void sync(),
  });
  await comeBack();

  return {
    async takeSpare(spare, unusedAt) {
      await comeBack();
      const payment = shareOf(spare);
      if ((await moveOwn(payment, unusedAt)) !== undefined) return 0;
      const aheadMs = spareDelayMs(payment);
      if (aheadMs > 0) return aheadMs;
      const { taken, delayMs: againMs } = await takeCalls([payment], 0);
      return taken > 0 ? 0 : Math.max(1, againMs);
    },
    refusal: (payment, others, patienceMs) =>
      line.refusal(shareOf(payment), patienceMs, others.length, () =>
        shares.countFirst(others.map((other) => other.payment && shareOf(other.payment))),
      ),
    mayHoldConnection(payment) {
      return shares.mayHoldConnection(shareOf(payment), clock());
    },
    // Redis has to be asked.
    takeNow: () => undefined,
    async take(payment, patienceMs, cancellation, unusedAt) {
      if (cancellation.reason !== undefined) throw cancellation.reason;
      const until = now() + patienceMs;
      await comeBack();
      const share = shareOf(payment);
      const movedAt = await moveOwn(share, unusedAt);
      if (movedAt !== undefined) return movedAt;
      const leftMs = Math.max(0, until - now());
      const refused = line.refusal(share, leftMs);
      if (refused !== undefined) throw refused;
      return line.wait(share, leftMs, cancellation);
    },
    close(forMs) {
      closeFor(forMs);
      shared.close(forMs);
    },
    keepTo(newWindows) {
      log.keepTo(newWindows, clock());
      shared = redisCallsOf(newWindows);
      line.serve();
    },
    get pace() {
      return shares.pace(clock());
    },
    status() {
      const at = clock();
      return isTogether ? statusOf(log, shares, at) : own.status(at, shares.closedUntil);
    },
    usage(most) {
      const at = clock();
      const windows = log.books.map((books) =>
        isTogether
          ? { ...windowOf(books), used: log.used(books) }
          : { ...windowOf(books), limit: own.limitOf(books), used: own.usedOf(books, at) },
      );
      const { takers, ...counts } = takersOf(log, most);
      return {
        windows,
        // Those of other processes are known by their digests alone.
        takers: takers.map(([digest, calls]) => [callers.get(digest) ?? digest, calls] as const),
        ...counts,
        inLine: line.size,
        closedMs: closedMsOf(shares, at),
        isAlone: !isTogether,
      };
    },
  };
}
