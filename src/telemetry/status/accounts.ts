// The accounts that are in use, as the page shows them: those that are worst off, with what is counted of each. However many
// tenants there are, so many accounts are counted and shown at most.

import { digestOfViewer } from '../viewer-digest.ts';
import { AccountMeter } from './account-meter.ts';
import { type AccountSource, nameOf } from './account-source.ts';
import { longestOf } from './findings/spending.ts';
import { POINT_MS, POINTS } from './hour.ts';
import type { AccountReport } from './report.ts';

/**
 * Most accounts of which an hour is kept: the first that are called. One that was not called for an hour gives its place to
 * the next.
 */
const MAX_METERS = 100;
const METER_TTL_MS = POINTS * POINT_MS;

/** Most that the page shows. */
const MAX_SHOWN = 20;

const MAX_TAKERS = 8;

export class Accounts {
  readonly #sources: () => readonly AccountSource[];
  readonly #meters = new Map<string, { readonly key: string; readonly meter: AccountMeter }>();
  #keys = 0;

  constructor(sources: () => readonly AccountSource[]) {
    this.#sources = sources;
  }

  /** What counts for an account; undefined where so many are counted already. */
  meterOf(id: string): AccountMeter | undefined {
    return (this.#meters.get(id) ?? this.#add(id))?.meter;
  }

  /** Closes a point of the hour. @param at On the clock that never goes back. */
  sample(at: number): void {
    const sources = new Map(this.#sources().map((source) => [source.id, source]));
    for (const [id, { meter }] of this.#meters) {
      const source = sources.get(id);
      if (source === undefined || at - meter.usedAt > METER_TTL_MS) this.#meters.delete(id);
      else meter.sample({ ...partsOf(source), due: source.waiting.count });
    }
  }

  /** Those that are worst off first, and how many more there are. */
  report(withHour: boolean): { readonly accounts: readonly AccountReport[]; readonly beyond: number } {
    const all = this.#sources();
    const ranked = all.map((source) => ({ source, rank: rankOf(source) })).sort((a, b) => b.rank - a.rank);
    // On a page of few accounts each keeps its place.
    const shown = all.length <= MAX_SHOWN ? all : ranked.slice(0, MAX_SHOWN).map(({ source }) => source);
    return { accounts: shown.map((source) => this.#reportOf(source, withHour)), beyond: all.length - shown.length };
  }

  #reportOf(source: AccountSource, withHour: boolean): AccountReport {
    const { meter = NOT_COUNTED, key = source.id.length.toString() } =
      this.#meters.get(source.id) ?? this.#add(source.id) ?? {};
    const { windows, takers, callers, inLine, closedMs, isAlone } = source.usage(MAX_TAKERS);
    const { wanted, count: due, longestMs } = source.waiting;
    const named = takers.map(([caller, calls]) => ({ viewer: caller === '' ? null : digestOfViewer(caller), calls }));
    const report = {
      key,
      provider: source.provider,
      name: nameOf(source),
      windows: windows.map(({ limit, used, windowMs }) => ({ limit, used, windowMs })),
      takers: named,
      inLine,
      closedMs,
      isAlone,
      circuit: source.circuit,
      circuitChanges: meter.circuitChanges,
      lastMinute: meter.lastMinute,
      lastHour: meter.lastHour,
      refused: meter.refused,
      callMs: meter.callMs,
      ages: meter.ages,
      wanted,
      due,
      oldestMs: longestMs,
      reads: source.reads(),
      ...(withHour ? { hour: meter.hour } : {}),
    };
    const longest = longestOf(report);
    const others = (longest?.used ?? 0) - named.reduce((sum, { calls }) => sum + calls, 0);
    const bestMs = longest === undefined || wanted === 0 ? null : (wanted * longest.windowMs) / (2 * longest.limit);
    return { ...report, bestMs, others: { takers: callers - named.length, calls: Math.max(0, others) } };
  }

  #add(id: string): { readonly key: string; readonly meter: AccountMeter } | undefined {
    if (this.#meters.size >= MAX_METERS) return undefined;
    this.#keys += 1;
    const entry = { key: `a${this.#keys}`, meter: new AccountMeter(performance.now()) };
    this.#meters.set(id, entry);
    return entry;
  }
}

/** Stands for one of which nothing is counted. */
const NOT_COUNTED = new AccountMeter(0);

function rankOf({ circuit, quota: { limit, remaining } }: AccountSource): number {
  return (circuit === 'CLOSED' ? 0 : 1) + 1 - remaining / limit;
}

/** In hundredths, of the window with least left; what callers take is of the longest. */
function partsOf(source: AccountSource): { readonly used: number; readonly callers: number } {
  const { windows, background } = source.usage(0);
  const longest = longestOf({ windows });
  if (longest === undefined) return { used: 0, callers: 0 };
  return {
    used: Math.max(...windows.map(({ used, limit }) => (used / limit) * 100)),
    callers: (Math.max(0, longest.used - background) / longest.limit) * 100,
  };
}
