// How many calls an account may make: a provider's own windows, kept exactly. It remembers when the last calls were
// made, so that in any stretch of a window's length, wherever it begins, there are never more than the window's limit.
// (A counter that starts anew each minute lets twice the limit pass around the full minute, and the provider's minute
// does not begin when ours does.) Callers who wait are served in the order they came; background work keeps out of a
// share of each window, so that there is something left for them. A 429 closes the gate for the whole account.

import { ProviderRateLimited } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { CancelListener, Cancellation } from './cancellation.ts';

export interface QuotaWindow {
  readonly limit: number;
  readonly windowMs: number;
}

export interface QuotaStatus {
  /** Of the window that has least left. */
  readonly limit: number;
  readonly remaining: number;
  /** When that window gives back what was used, in milliseconds from now; 0 where nothing is used. */
  readonly resetsInMs: number;
}

export interface Quota {
  /** Takes one call for background work where its share has one now. @returns 0, or in how many milliseconds to ask again. */
  takeInBackground(): number | Promise<number>;
  /** Why a caller with so many others ahead cannot be served within `patienceMs`; undefined where that may be. */
  refusal(ahead: number, patienceMs: number): ProviderRateLimited | undefined;
  /** Takes one call for a caller, if that needs no waiting. */
  takeNow(): boolean;
  /**
   * Takes one call for a caller, now or when its turn comes.
   * @throws ProviderRateLimited at once where that is not within `patienceMs`; the reason where it is cancelled.
   */
  take(patienceMs: number, cancellation: Cancellation): Promise<void>;
  /** No call until so many milliseconds have passed: what a 429 asks for. */
  close(forMs: number): void;
  status(): QuotaStatus;
  /** Background work spread evenly. */
  readonly pace: Pace;
}

export interface Pace {
  /** A call every so many milliseconds, by the window that allows least. */
  readonly everyMs: number;
  /** That window's limit. */
  readonly limit: number;
}

/** The quota of one process. */
export interface LocalQuota extends Quota {
  takeInBackground(): number;
  /** Counts a call that something else has allowed. */
  record(): void;
  /** In how many milliseconds a call could be made, where only this share of each window counts. */
  delayMs(share: number): number;
}

/** Background work uses at most this share of each window. */
export const BACKGROUND_SHARE = 0.9;

/** @param now Milliseconds of a clock that never goes back. */
export function createQuota(
  provider: ProviderName,
  windows: readonly QuotaWindow[],
  now: () => number = () => performance.now(),
): LocalQuota {
  const size = Math.max(...windows.map((window) => window.limit));
  const calls = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  let made = 0;
  let closedUntil = Number.NEGATIVE_INFINITY;
  const waiting: Waiter[] = [];
  let timer: NodeJS.Timeout | undefined;

  const nthLast = (n: number) => calls[(made - n + size * 2) % size] ?? Number.NEGATIVE_INFINITY;

  /** In how many milliseconds a call may be made, when `ahead` others go first and only a share of each window counts. */
  function delayOf(ahead: number, share: number): number {
    let at = closedUntil;
    for (const { limit, windowMs } of windows) {
      const usable = usableOf(limit, share);
      // Whole windows' worth of callers ahead push it back by whole windows.
      const rounds = Math.floor(ahead / usable);
      at = Math.max(at, nthLast(usable - (ahead % usable)) + (rounds + 1) * windowMs, closedUntil + rounds * windowMs);
    }
    return Math.max(0, at - now());
  }

  function record(): void {
    calls[made % size] = now();
    made = (made + 1) % size;
  }

  function takeNow(): boolean {
    if (waiting.length > 0 || delayOf(0, 1) > 0) return false;
    record();
    return true;
  }

  function serve(): void {
    clearTimeout(timer);
    timer = undefined;
    while (waiting.length > 0) {
      const delayMs = delayOf(0, 1);
      if (delayMs > 0) {
        timer = setTimeout(serve, Math.ceil(delayMs));
        return;
      }
      record();
      waiting.shift()?.resolve();
    }
  }

  /** Why a caller at this place of the line cannot be served within `patienceMs`. */
  function refusalAt(place: number, patienceMs: number): ProviderRateLimited | undefined {
    const delayMs = delayOf(place, 1);
    return delayMs > patienceMs
      ? new ProviderRateLimited(provider, Math.max(1, Math.ceil(delayMs / 1_000)))
      : undefined;
  }

  return {
    record,
    delayMs: (share) => delayOf(0, share),
    takeInBackground() {
      const delayMs =
        waiting.length > 0 ? delayOf(waiting.length, BACKGROUND_SHARE) || 1 : delayOf(0, BACKGROUND_SHARE);
      if (delayMs === 0) record();
      return delayMs;
    },
    refusal: (ahead, patienceMs) => refusalAt(waiting.length + ahead, patienceMs),
    takeNow,
    take(patienceMs, cancellation) {
      if (takeNow()) return Promise.resolve();
      const refused = refusalAt(waiting.length, patienceMs);
      if (refused !== undefined) return Promise.reject(refused);
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          until: now() + patienceMs,
          cancelled: (reason) => waiter.refuse(reason),
          refuse(reason) {
            cancellation.remove(waiter);
            const place = waiting.indexOf(waiter);
            if (place >= 0) waiting.splice(place, 1);
            reject(reason);
          },
          resolve() {
            cancellation.remove(waiter);
            resolve();
          },
        };
        waiting.push(waiter);
        cancellation.add(waiter);
        if (timer === undefined) serve();
      });
    },
    close(forMs) {
      closedUntil = Math.max(closedUntil, now() + forMs);
      // Callers in the line that can no longer be served in time are refused; the last first, so that no place changes.
      for (const [place, waiter] of [...waiting.entries()].reverse()) {
        const refused = refusalAt(place, waiter.until - now());
        if (refused !== undefined) waiter.refuse(refused);
      }
      if (waiting.length > 0) serve();
    },
    pace: paceOf(windows),
    status() {
      const states = windows.map(({ limit, windowMs }) => {
        const since = now() - windowMs;
        let used = 0;
        while (used < limit && nthLast(used + 1) > since) used += 1;
        return { limit, remaining: limit - used, resetsInMs: used === 0 ? 0 : nthLast(used) - since };
      });
      const least = states.reduce((a, b) => (b.remaining / b.limit < a.remaining / a.limit ? b : a));
      const closedMs = Math.max(0, closedUntil - now());
      return closedMs > 0 ? { limit: least.limit, remaining: 0, resetsInMs: closedMs } : least;
    },
  };
}

export function paceOf(windows: readonly QuotaWindow[]): Pace {
  return windows
    .map(({ limit, windowMs }) => ({ limit, everyMs: windowMs / usableOf(limit, BACKGROUND_SHARE) }))
    .reduce((a, b) => (b.everyMs > a.everyMs ? b : a));
}

/** How many calls a share of a window is. */
export function usableOf(limit: number, share: number): number {
  return Math.max(1, Math.floor(limit * share));
}

interface Waiter extends CancelListener {
  /** When it would rather be refused. */
  readonly until: number;
  refuse(reason: Error): void;
  resolve(): void;
}

/** Longest by which a window is stretched, in milliseconds. */
const MAX_MARGIN_MS = 1_000;

/**
 * The windows as they are kept to: a twentieth longer, a second at most. A provider counts a call when it arrives, and one
 * that was made a window later may be on its way for a shorter time: a burst after a burst would be over its limit.
 */
export function withMargin(windows: readonly QuotaWindow[]): readonly QuotaWindow[] {
  return windows.map(({ limit, windowMs }) => ({ limit, windowMs: windowMs + Math.min(windowMs / 20, MAX_MARGIN_MS) }));
}

/** `270/60s`, or several separated by commas; undefined where the text is none. */
export function parseQuota(text: string): readonly QuotaWindow[] | undefined {
  const windows = text.split(',').map((part) => /^\s*([1-9]\d{0,5})\/(\d{1,5}(?:\.\d{1,3})?)s\s*$/.exec(part));
  return windows.every((match) => match !== null && Number(match[2]) > 0)
    ? windows.map((match) => ({ limit: Number(match?.[1]), windowMs: Number(match?.[2]) * 1_000 }))
    : undefined;
}
