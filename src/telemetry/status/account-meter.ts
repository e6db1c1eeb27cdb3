// What is counted of one account: how calls end and how long they take, how old answers are, what its breaker does; and the
// last hour of that.

import type { Given } from '../../snapshots/given.ts';
import type { CallOutcome, CallRecord } from '../../upstream/call-record.ts';
import { Durations } from './durations.ts';
import { Hour } from './hour.ts';
import type { AccountHour, AgeReport, CallCounts, CircuitChange } from './report.ts';
import { fullIn } from './trend.ts';

const COUNTS = ['answered', 'failed', 'timedOut', 'throttled', 'rejected', 'refused', 'answers', 'stale'] as const;
const GAUGES = ['used', 'callers', 'age', 'due'] as const;

type Count = (typeof COUNTS)[number];
export type Gauges = Readonly<Record<(typeof GAUGES)[number], number>>;

/** As what each attempt counts; what is not here tells nothing of the provider. */
const COUNTED: Readonly<Partial<Record<CallOutcome, keyof CallCounts>>> = {
  ok: 'answered',
  not_found: 'answered',
  rejected: 'rejected',
  unauthorized: 'rejected',
  throttled: 'throttled',
  unavailable: 'failed',
  bad_response: 'failed',
  timeout: 'timedOut',
};

const MINUTE = 6;
const TEN_MINUTES = 60;

/** Ages are of the last five to ten minutes, calls of the last half minute to minute: in points. */
const AGES_TURN = 30;
const CALLS_TURN = 3;

const MAX_CHANGES = 20;

export class AccountMeter {
  /** When it was last called, on the clock that never goes back. */
  usedAt: number;
  readonly #hour = new Hour<Count | keyof Gauges>([...COUNTS, ...GAUGES]);
  /** Since the last point. */
  #counts = noCounts();
  readonly #callMs = new Durations();
  readonly #ages = new Durations();
  readonly #changes: CircuitChange[] = [];
  /** Since when each breaker is not closed, by tenant and place. */
  readonly #openSince = new Map<string, number>();
  #points = 0;

  constructor(at: number) {
    this.usedAt = at;
  }

  called({ attempts, outcome, payment, endedAt }: CallRecord): void {
    this.usedAt = endedAt;
    for (const attempt of attempts) {
      const counted = Number.isNaN(attempt.sentAt) ? undefined : COUNTED[attempt.outcome];
      if (counted === undefined) continue;
      this.#counts[counted] += 1;
      this.#callMs.add(attempt.endedAt - attempt.sentAt);
    }
    // What has an older answer to give is not refused anything.
    const isForCaller = payment.how === 'caller' || payment.how === 'insistent';
    if (outcome === 'no_quota' && isForCaller) this.#counts.refused += 1;
  }

  given({ how, count, agesMs }: Given): void {
    this.#counts.answers += agesMs.length;
    if (how === 'stale') this.#counts.stale += count;
    for (const ageMs of agesMs) this.#ages.add(ageMs);
  }

  /** @param tenant Whose breaker it is: tenants that use one account have one each. */
  circuitChanged(change: CircuitChange, tenant: string | null = null): void {
    const breaker = `${tenant} ${change.place}`;
    if (change.circuit === 'CLOSED') this.#openSince.delete(breaker);
    else if (!this.#openSince.has(breaker)) this.#openSince.set(breaker, change.at);
    this.#changes.unshift(change);
    this.#changes.length = Math.min(this.#changes.length, MAX_CHANGES);
  }

  /** Closes a point of the hour. */
  sample({ used, callers, due }: Omit<Gauges, 'age'>): void {
    this.#hour.add({ ...this.#counts, used, callers, due, age: (this.#ages.meanMs ?? 0) / 1_000 });
    this.#counts = noCounts();
    this.#points += 1;
    if (this.#points % AGES_TURN === 0) this.#ages.turn();
    if (this.#points % CALLS_TURN === 0) this.#callMs.turn();
  }

  get lastMinute(): CallCounts {
    return this.#callsOf(MINUTE);
  }

  get lastHour(): CallCounts {
    return this.#callsOf();
  }

  get refused(): { readonly lastMinute: number; readonly lastHour: number } {
    return { lastMinute: this.#sum('refused', MINUTE), lastHour: this.#sum('refused') };
  }

  get callMs(): { readonly median: number; readonly p99: number } | null {
    return this.#callMs.middleAndWorst;
  }

  get ages(): AgeReport | null {
    const [meanMs, p99Ms] = [this.#ages.meanMs, this.#ages.quantileMs(0.99)];
    if (meanMs === undefined || p99Ms === undefined) return null;
    return { answers: this.#sum('answers', TEN_MINUTES), meanMs, p99Ms, stale: this.#sum('stale', TEN_MINUTES) };
  }

  get circuitChanges(): readonly CircuitChange[] {
    return this.#changes;
  }

  /** Since when a breaker is not closed, in milliseconds since 1970: probes do not count as closed. Null where all are. */
  get openSince(): number | null {
    return this.#openSince.size === 0 ? null : Math.min(...this.#openSince.values());
  }

  /** In how many milliseconds callers take all of the quota, as it has grown within the hour; null where it has not. */
  get fullInMs(): number | null {
    return fullIn(this.#hour.series('callers'));
  }

  get hour(): AccountHour {
    const rounded = (name: keyof Gauges) => this.#hour.series(name).map((value) => Math.round(value * 10) / 10);
    const callers = rounded('callers').map((value) => (Number.isNaN(value) ? null : value));
    return { used: rounded('used'), callers, age: rounded('age'), due: rounded('due') };
  }

  #callsOf(points?: number): CallCounts {
    const of = (name: Count) => this.#sum(name, points);
    return {
      answered: of('answered'),
      failed: of('failed'),
      timedOut: of('timedOut'),
      throttled: of('throttled'),
      rejected: of('rejected'),
    };
  }

  #sum(name: Count, points?: number): number {
    return this.#hour.sum(name, points) + this.#counts[name];
  }
}

function noCounts(): Record<Count, number> {
  return { answered: 0, failed: 0, timedOut: 0, throttled: 0, rejected: 0, refused: 0, answers: 0, stale: 0 };
}
