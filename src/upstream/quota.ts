// How many calls an account may make: a provider's own windows, kept exactly (call-log.ts), shared among callers (shares.ts).
// Callers who wait stand in a line (quota-line.ts). A 429 closes the gate for the whole account.

import type { ProviderRateLimited } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import { CallLog, type WindowBooks } from './call-log.ts';
import type { Cancellation } from './cancellation.ts';
import type { Payment, Unpaid } from './payment.ts';
import { QuotaLine } from './quota-line.ts';
import type { QuotaWindow } from './quota-window.ts';
import { FAIR_RESERVE } from './reserve.ts';
import { type Pace, Shares } from './shares.ts';

export interface QuotaStatus {
  /** Of the window that has least left. */
  readonly limit: number;
  readonly remaining: number;
  /** When that window gives back what was used, in milliseconds from now; 0 where nothing is used. */
  readonly resetsInMs: number;
}

/** How it stands with all windows, and who has used the longest: for operators. */
export interface QuotaUsage {
  readonly windows: readonly (QuotaWindow & { readonly used: number })[];
  /** Callers with most calls first, so many as were asked for; the empty name is work that no caller waits for. */
  readonly takers: readonly (readonly [caller: string, calls: number])[];
  /** How many calls no caller waits for. */
  readonly background: number;
  /** How many callers have calls. */
  readonly callers: number;
  /** For how long no call is made, because a 429 asks for that, in milliseconds. */
  readonly closedMs: number;
  /** Whether this process keeps to its own part: the windows are of that. */
  readonly isAlone: boolean;
}

export interface Quota {
  /**
   * Takes one call where there is one now, for background work or a caller that does not wait.
   * @param unusedAt When one was taken for it that was not made, or a little later: that one counts from now on.
   * @returns 0, or in how many milliseconds to ask again.
   */
  takeSpare(payment: Payment, unusedAt?: number): number | Promise<number>;
  /**
   * Why a caller cannot be served within `patienceMs`; undefined where that may be.
   * @param others Calls that wait for a connection, and are paid for when they have it.
   */
  refusal(payment: Payment, others: readonly Unpaid[], patienceMs: number): ProviderRateLimited | undefined;
  /** Whether it may have a connection before it is paid for: it waits for no others but those below their share. */
  mayHoldConnection(payment: Payment): boolean;
  /**
   * Takes one call for a caller, if that needs no waiting.
   * @param unusedAt As for `takeSpare`.
   * @returns when it was taken; undefined where it has to wait.
   */
  takeNow(payment: Payment, unusedAt?: number): number | undefined;
  /**
   * Takes one call for a caller, now or when its turn comes.
   * @param unusedAt As for `takeSpare`.
   * @returns when it was taken.
   * @throws ProviderRateLimited at once where that is not within `patienceMs`, or later where others went ahead; the
   * reason where it is cancelled.
   */
  take(payment: Payment, patienceMs: number, cancellation: Cancellation, unusedAt?: number): Promise<number>;
  /** No call until so many milliseconds have passed: what a 429 asks for. */
  close(forMs: number): void;
  status(): QuotaStatus;
  /** @param takers How many of those that use it are named. */
  usage(takers: number): QuotaUsage;
  /** Keeps to other windows from now on. What was called of late counts in them, whoever waits is served by them. */
  keepTo(windows: readonly QuotaWindow[]): void;
  /** Background work spread evenly. */
  readonly pace: Pace;
  /** How many callers of this process wait for a call. */
  readonly inLine: number;
}

/** The quota of one process. */
export interface LocalQuota extends Quota {
  takeSpare(payment: Payment, unusedAt?: number): number;
}

export interface QuotaOptions {
  /** The part of each window that is kept for callers below their share at most, 0 to 1. */
  readonly reserve?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

export function createQuota(
  provider: ProviderName,
  windows: readonly QuotaWindow[],
  { reserve = FAIR_RESERVE, now: clock = () => performance.now() }: QuotaOptions = {},
): LocalQuota {
  const log = new CallLog(windows);
  const shares = new Shares(log, reserve);
  const now = () => {
    const at = clock();
    log.advance(at);
    return at;
  };

  function takeNow(payment: Payment, unusedAt?: number): number | undefined {
    const at = now();
    if (unusedAt !== undefined && log.move(payment.caller, unusedAt, at)) return at;
    if (line.ahead(payment) > 0 || shares.delayMs(payment, 0, at) > 0) return undefined;
    shares.record(at, payment);
    return at;
  }

  const line = new QuotaLine({
    provider,
    shares,
    now,
    delayMs: (payment, ahead, at) => shares.delayMs(payment, ahead, at),
    batch: 1,
    take([wanted]) {
      const at = now();
      if (wanted !== undefined) shares.record(at, wanted.payment);
      return { taken: 1, at, delayMs: 0 };
    },
  });

  return {
    takeSpare(payment, unusedAt) {
      if (takeNow(payment, unusedAt) !== undefined) return 0;
      // What is free next is taken by those that wait.
      return Math.max(1, shares.delayMs(payment, line.ahead(payment), now()));
    },
    refusal: (payment, others, patienceMs) => line.refusal(payment, patienceMs, others),
    mayHoldConnection(payment) {
      return shares.mayHoldConnection(payment, now());
    },
    takeNow,
    take(payment, patienceMs, cancellation, unusedAt) {
      if (cancellation.reason !== undefined) return Promise.reject(cancellation.reason);
      const at = takeNow(payment, unusedAt);
      if (at !== undefined) return Promise.resolve(at);
      const refused = line.refusal(payment, patienceMs);
      return refused === undefined ? line.wait(payment, patienceMs, cancellation) : Promise.reject(refused);
    },
    close(forMs) {
      shares.closedUntil = Math.max(shares.closedUntil, now() + forMs);
      line.serve();
    },
    keepTo(newWindows) {
      log.keepTo(newWindows, now());
      line.serve();
    },
    get pace() {
      return shares.pace(now());
    },
    get inLine() {
      return line.size;
    },
    status: () => statusOf(log, shares, now()),
    usage(takers) {
      const at = now();
      const counts = takersOf(log, takers);
      return {
        windows: windowsOf(log),
        ...counts,
        closedMs: closedMsOf(shares, at),
        isAlone: false,
      };
    },
  };
}

/** Who has calls in the longest window. */
export function takersOf(
  { longest: { byCaller } }: CallLog,
  most: number,
): Pick<QuotaUsage, 'takers' | 'background' | 'callers'> {
  const takers = most === 0 ? [] : [...byCaller].sort(([, a], [, b]) => b - a).slice(0, most);
  return { takers, background: byCaller.get('') ?? 0, callers: byCaller.size };
}

/** How much of each window is used; the log is advanced to now. */
export function windowsOf(log: CallLog): QuotaUsage['windows'] {
  return log.books.map((books) => ({ limit: books.limit, windowMs: books.windowMs, used: log.used(books) }));
}

export function closedMsOf({ closedUntil }: Shares, at: number): number {
  return Math.max(0, closedUntil - at);
}

/** Of the window that has least left; the log is advanced to `at`. */
export function statusOf(log: CallLog, shares: Shares, at: number): QuotaStatus {
  const least = log.books.map((books) => stateOf(log, books, at)).reduce((a, b) => (leftOf(b) < leftOf(a) ? b : a));
  const closedMs = closedMsOf(shares, at);
  return closedMs > 0 ? { limit: least.limit, remaining: 0, resetsInMs: closedMs } : least;
}

function stateOf(log: CallLog, books: WindowBooks, at: number): QuotaStatus {
  const used = log.used(books);
  const resetsInMs = used === 0 ? 0 : log.nthLast(used) + books.windowMs - at;
  return { limit: books.limit, remaining: Math.max(0, books.limit - used), resetsInMs };
}

function leftOf({ limit, remaining }: QuotaStatus): number {
  return remaining / limit;
}
