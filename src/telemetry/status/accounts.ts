// The accounts that are in use, as the page shows them: those that are worst off, with what is counted of each. However many
// tenants there are, so many accounts are counted apart and shown at most, and the process stands still for none of it.

import type { ProviderName } from '../../invitation/provider.ts';
import { inSlices } from '../slices.ts';
import { digestOfViewer } from '../viewer-digest.ts';
import { AccountMeter } from './account-meter.ts';
import { type AccountSource, nameOf, togetherName } from './account-source.ts';
import { longestOf } from './findings/spending.ts';
import { POINT_MS, POINTS } from './hour.ts';
import type { AccountReport, CountedReport, TogetherReport } from './report.ts';

/**
 * Most accounts of which an hour is kept. Where there are more, it is of the first that are called, and one that was not called
 * for an hour gives its place to the next, unless its breaker is open. All others of a provider are counted as one.
 */
const MAX_METERS = 100;
const METER_TTL_MS = POINTS * POINT_MS;

/** Most that the page shows. */
const MAX_SHOWN = 20;

const MAX_TAKERS = 8;

const SAMPLED_PER_TURN = 10;
const RANKED_PER_TURN = 100;
const SHOWN_PER_TURN = 1;

/** What the page has of accounts. */
export interface AccountsReport {
  /** Those that are worst off first, unless all are there. */
  readonly accounts: readonly AccountReport[];
  /** How many more there are. */
  readonly beyond: number;
  /** Of each provider, those of which no hour is kept, as one. */
  readonly together: readonly TogetherReport[];
}

export class Accounts {
  readonly #sources: () => Promise<ReadonlyMap<string, AccountSource>>;
  readonly #meters = new Map<string, AccountMeter>();
  /** What counts for all accounts of a provider that have no meter of their own. */
  readonly #together = new Map<ProviderName, AccountMeter>();

  constructor(sources: () => Promise<ReadonlyMap<string, AccountSource>>) {
    this.#sources = sources;
  }

  /** What counts for an account: its own, or where so many are counted already that of all others. */
  meterOf(id: string, provider: ProviderName): AccountMeter {
    return this.#ownMeterOf(id) ?? this.#meterOfOthers(provider);
  }

  /** Closes a point of the hour. @param at On the clock that never goes back. */
  async sample(at: number): Promise<void> {
    // One that comes from now on may be of an account that is not among the sources.
    const meters = [...this.#meters];
    const sources = await this.#sources();
    const isFull = sources.size > MAX_METERS;
    const isIdle = ({ circuit }: AccountSource, meter: AccountMeter) =>
      circuit === 'CLOSED' && at - meter.usedAt > METER_TTL_MS;
    await inSlices(meters, SAMPLED_PER_TURN, ([id, meter]) => {
      const source = sources.get(id);
      if (source === undefined || (isFull && isIdle(source, meter))) this.#meters.delete(id);
      else meter.sample({ ...partsOf(source), due: source.waiting.count });
    });
    for (const meter of this.#together.values()) meter.sample(NO_PARTS);
  }

  async report(withHour: boolean): Promise<AccountsReport> {
    const all = [...(await this.#sources()).values()];
    const ranked: { readonly source: AccountSource; readonly rank: number }[] = [];
    // On a page of few accounts each keeps its place.
    if (all.length > MAX_SHOWN) {
      await inSlices(all, RANKED_PER_TURN, (source) => ranked.push({ source, rank: rankOf(source) }));
      ranked.sort((a, b) => b.rank - a.rank);
    }
    const shown = all.length <= MAX_SHOWN ? all : ranked.slice(0, MAX_SHOWN).map(({ source }) => source);
    const accounts: AccountReport[] = [];
    // Places are for those that are called, where there are not enough for all.
    const meterOf = ({ id }: AccountSource) => (all.length > MAX_METERS ? this.#meters.get(id) : this.#ownMeterOf(id));
    await inSlices(shown, SHOWN_PER_TURN, (source) => accounts.push(reportOf(source, meterOf(source), withHour)));
    const without = all.filter(({ id }) => !this.#meters.has(id));
    const together = [...this.#together].flatMap(([provider, meter]) => {
      const count = without.filter((source) => source.provider === provider).length;
      return count === 0 ? [] : [{ provider, name: togetherName(provider, count), ...countedBy(meter) }];
    });
    return { accounts, beyond: all.length - shown.length, together };
  }

  /** Undefined where so many have one that it gets none. */
  #ownMeterOf(id: string): AccountMeter | undefined {
    const known = this.#meters.get(id);
    if (known !== undefined || this.#meters.size >= MAX_METERS) return known;
    const meter = new AccountMeter(performance.now());
    this.#meters.set(id, meter);
    return meter;
  }

  #meterOfOthers(provider: ProviderName): AccountMeter {
    let meter = this.#together.get(provider);
    if (meter === undefined) {
      meter = new AccountMeter(performance.now());
      this.#together.set(provider, meter);
    }
    return meter;
  }
}

function reportOf(source: AccountSource, own: AccountMeter | undefined, withHour: boolean): AccountReport {
  const meter = own ?? NOT_COUNTED;
  const { windows, takers, callers, closedMs, isAlone } = source.usage(MAX_TAKERS);
  const { wanted, count: due, longestMs, lateMs } = source.waiting;
  const named = takers.map(([caller, calls]) => ({ viewer: caller === '' ? null : digestOfViewer(caller), calls }));
  const report = {
    key: digestOfViewer(source.id),
    provider: source.provider,
    name: nameOf(source),
    windows: windows.map(({ limit, used, windowMs }) => ({ limit, used, windowMs })),
    takers: named,
    inLine: source.inLine,
    closedMs,
    isAlone,
    circuit: source.circuit,
    isCounted: own !== undefined,
    circuitChanges: meter.circuitChanges,
    openSince: meter.openSince,
    fullInMs: meter.fullInMs,
    ...countedBy(meter),
    wanted,
    due,
    oldestMs: longestMs,
    lateMs,
    reads: source.reads(),
    ...(withHour ? { hour: meter.hour } : {}),
  };
  const longest = longestOf(report);
  const others = (longest?.used ?? 0) - named.reduce((sum, { calls }) => sum + calls, 0);
  const bestMs = longest === undefined || wanted === 0 ? null : (wanted * longest.windowMs) / (2 * longest.limit);
  return { ...report, bestMs, others: { takers: callers - named.length, calls: Math.max(0, others) } };
}

/** Stands for one of which nothing is counted apart. */
const NOT_COUNTED = new AccountMeter(0);

const NO_PARTS = { used: 0, callers: 0, due: 0 };

function countedBy({ lastMinute, lastHour, refused, callMs, ages }: AccountMeter): CountedReport {
  return { lastMinute, lastHour, refused, callMs, ages };
}

function rankOf({ circuit, quota: { limit, remaining } }: AccountSource): number {
  return (circuit === 'CLOSED' ? 0 : 1) + 1 - remaining / limit;
}

/** In hundredths, of the window with least left; what callers take is of the longest. */
function partsOf(source: AccountSource): { readonly used: number; readonly callers: number } {
  const { windows, background, isAlone } = source.usage(0);
  const longest = longestOf({ windows });
  if (longest === undefined) return { used: 0, callers: 0 };
  return {
    used: Math.max(...windows.map(({ used, limit }) => (used / limit) * 100)),
    // The window is this process's own part then, and what is read in the background is known of all processes.
    callers: isAlone ? Number.NaN : (Math.max(0, longest.used - background) / longest.limit) * 100,
  };
}
