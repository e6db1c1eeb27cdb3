// What the operators' page shows, as it goes to the browser: figures, and the answers to an operator's questions in words.
// Nothing in it names a caller, an invitation, an address or a host: callers are digests, documents hashes or the names
// that the operator gave them.

import type { ProviderName } from '../../invitation/provider.ts';

export type Circuit = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

/** `well`: nothing to do. `watch`: callers may notice. `wrong`: they do. `unknown`: nothing was counted of late. */
export type State = 'well' | 'watch' | 'wrong' | 'unknown';

/** The answer to one of the questions. */
export interface Finding {
  readonly id: 'fault' | 'age' | 'spending' | 'refusals' | 'outlook';
  readonly question: string;
  readonly state: State;
  readonly answer: string;
  readonly details: readonly string[];
}

/** One window of a quota. */
export interface WindowReport {
  readonly limit: number;
  readonly used: number;
  readonly windowMs: number;
}

/** Who takes calls of an account's longest window. */
export interface TakerReport {
  /** The digest of the log; null for the gateway itself, which reads in the background. */
  readonly viewer: string | null;
  readonly calls: number;
}

export interface CircuitChange {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly circuit: Circuit;
  /** Which of an account's places, where it has several. */
  readonly place: string | null;
}

/** How calls ended, in one while. */
export interface CallCounts {
  readonly answered: number;
  /** By a status that says that the provider fails, by a broken connection, or by an answer that its contract does not allow. */
  readonly failed: number;
  readonly timedOut: number;
  /** 429. */
  readonly throttled: number;
  /** 400, 401 and their kind. */
  readonly rejected: number;
}

export interface AgeReport {
  /** How many answers were given of which it is. */
  readonly answers: number;
  readonly meanMs: number;
  readonly p99Ms: number;
  /** How many were given as stale. */
  readonly stale: number;
}

/** What is counted of calls and answers. */
export interface CountedReport {
  readonly lastMinute: CallCounts;
  readonly lastHour: CallCounts;
  /** Calls that the quota refused to callers. */
  readonly refused: { readonly lastMinute: number; readonly lastHour: number };
  /** How long a call took of late; null where there was none. */
  readonly callMs: { readonly median: number; readonly p99: number } | null;
  /** Of answers of late that may still change; null where there was none. */
  readonly ages: AgeReport | null;
}

/** Accounts of one provider that are counted as one, because there are too many. */
export interface TogetherReport extends CountedReport {
  readonly provider: ProviderName;
  readonly name: string;
}

export interface AccountReport extends CountedReport {
  /** Tells accounts apart while the process runs. */
  readonly key: string;
  readonly provider: ProviderName;
  /** The provider's title, with the tenants that use the account. */
  readonly name: string;
  readonly windows: readonly WindowReport[];
  readonly takers: readonly TakerReport[];
  /** How many take calls beyond those that are named, and how many calls. */
  readonly others: { readonly takers: number; readonly calls: number };
  /** Callers that wait for a call of the quota. */
  readonly inLine: number;
  /** For how long no call is made, because the provider asked for that (429). */
  readonly closedMs: number;
  /** Whether this process keeps to its own part, because it cannot ask Redis. */
  readonly isAlone: boolean;
  readonly circuit: Circuit;
  /** Whether it is counted apart. Else what is counted of it is in `together`, and nothing here. */
  readonly isCounted: boolean;
  readonly circuitChanges: readonly CircuitChange[];
  /** Since when its breaker is not closed, in milliseconds since 1970; null where it is, or nothing is kept of it. */
  readonly openSince: number | null;
  /** The mean age that this quota allows at best for what is wanted (N / 2Q); null where nothing is. */
  readonly bestMs: number | null;
  /** What is kept fresh, how much of it is due to be read, and how long the first of it has waited. */
  readonly wanted: number;
  readonly due: number;
  readonly oldestMs: number;
  /** By how much that is more than it was meant to wait at least. */
  readonly lateMs: number;
  /** In how many milliseconds callers take all of the quota, as it has grown within the hour; null where it has not. */
  readonly fullInMs: number | null;
  /** What reads found in the background or for callers, of what was known before. */
  readonly reads: { readonly made: number; readonly changed: number; readonly expected: number };
  /** Undefined where the report is without hours. */
  readonly hour?: AccountHour;
}

/** A point each ten seconds, the oldest first. */
export interface AccountHour {
  /** The part of the window with least left that is used, in hundredths. */
  readonly used: readonly number[];
  /** What background reads leave of that; null where the process kept to its own part of the quota. */
  readonly callers: readonly (number | null)[];
  /** In seconds. */
  readonly age: readonly number[];
  readonly due: readonly number[];
}

export interface OperationReport {
  /** The name that it has among trusted documents; else null, and the hash says which. */
  readonly name: string | null;
  readonly document: string;
  readonly kind: string;
  readonly count: number;
  readonly meanMs: number;
  readonly p99Ms: number;
}

export interface ProblemReport {
  /** When it was last met, in milliseconds since 1970. */
  readonly at: number;
  readonly code: string;
  readonly provider: ProviderName | null;
  /** How often within ten seconds. */
  readonly count: number;
}

export interface RedisReport {
  readonly isUp: boolean;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Why it cannot be used. */
  readonly reason: string | null;
  readonly commandMs: { readonly median: number; readonly p99: number } | null;
  /** Commands without an answer in time, in the last hour. */
  readonly lost: number;
}

/** Of the published keys that tokens are checked with (JWKS). */
export interface KeysReport {
  readonly sets: number;
  /** How many could not be fetched when that was last tried. */
  readonly failing: number;
  /** How long ago the oldest was fetched; null where one never was. */
  readonly oldestMs: number | null;
}

export interface ProcessReport {
  readonly version: string;
  readonly node: string;
  readonly uptimeMs: number;
  readonly isDraining: boolean;
  /** By how much timers were late within the last ten seconds: the worst of a hundred, and the worst. */
  readonly loopDelayMs: { readonly p99: number; readonly max: number };
  /** By how much they were late for the last half minute; 0 where it runs for a shorter time. */
  readonly lateMs: number;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
  readonly rssBytes: number;
}

export interface ProcessHour {
  readonly loopDelayMs: readonly number[];
  readonly heapMegabytes: readonly number[];
  readonly operations: readonly number[];
}

export interface StatusReport {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly findings: readonly Finding[];
  readonly accounts: readonly AccountReport[];
  /** How many more accounts are in use. */
  readonly accountsBeyond: number;
  /** What is counted of all accounts that are not counted apart, by provider. */
  readonly together: readonly TogetherReport[];
  readonly operations: { readonly lastMinute: number; readonly slowest: readonly OperationReport[] };
  readonly streams: { readonly open: number; readonly most: number; readonly events: number };
  /** Of the last hour, by what became of them. */
  readonly notifications: Readonly<Record<string, number>>;
  /** Null where there is none. */
  readonly redis: RedisReport | null;
  /** Null where none are needed. */
  readonly keys: KeysReport | null;
  readonly problems: readonly ProblemReport[];
  /** How often the gateway failed by a fault of its own, in the last ten minutes. */
  readonly faults: number;
  /** How often each code was met in the last hour. */
  readonly problemsByCode: readonly {
    readonly code: string;
    readonly provider: ProviderName | null;
    readonly count: number;
  }[];
  readonly process: ProcessReport;
  readonly hour?: ProcessHour;
}

/** A report of which no questions were answered yet. */
export type Figures = Omit<StatusReport, 'findings'>;
