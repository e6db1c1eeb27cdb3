// What is wrong with the calls to one account's provider, as far as the last minute tells: whoever answers a question about it
// goes by the same.

import type { AccountReport, CallCounts, State, TogetherReport } from '../report.ts';
import { count, duration, percent } from './words.ts';

export interface Trouble {
  readonly state: State;
  /** A sentence without the account's name before it. */
  readonly what: string;
}

/** From here on a provider is slow: half of its calls take longer. In milliseconds. */
const SLOW_MS = 1_000;

/** That part of the calls that fail is no accident. */
const FAILING_PART = 0.1;

/** With fewer calls, a part of them says nothing. */
const FEW_CALLS = 5;

/** What is known of accounts that are counted together says nothing of breakers and pauses: each has its own. */
const CALLED = { circuit: 'CLOSED', openSince: null, closedMs: 0 } as const;

/** The worst first; none where all is well. */
export function troublesOf(account: AccountReport | TogetherReport): readonly Trouble[] {
  const { circuit, openSince, lastMinute, closedMs, callMs } = { ...CALLED, ...account };
  const ended = endedOf(lastMinute);
  const troubles: Trouble[] = [];
  if (circuit !== 'CLOSED') {
    troubles.push({
      state: 'wrong',
      what: `is not called: too many calls failed, and the breaker is open${sinceOf(openSince)}`,
    });
  }
  const { failed, timedOut, throttled, rejected } = lastMinute;
  if (throttled > 0 || closedMs > 0) {
    const pause = closedMs > 0 ? `; no call is made for another ${duration(closedMs)}` : '';
    troubles.push({
      state: 'wrong',
      what: `throttles us: it refused ${count(throttled, 'call')} in the last minute as too many (429)${pause}`,
    });
  }
  const bad = failed + timedOut;
  if (isMuch(bad, ended)) {
    const how = timedOut > failed ? 'did not answer in time' : 'failed';
    troubles.push({ state: 'wrong', what: `fails: ${percent(bad / ended)} of ${count(ended, 'call')} ${how}` });
  }
  if (isMuch(rejected, ended)) {
    troubles.push({
      state: 'watch',
      what: `refuses what we ask: ${count(rejected, 'call')} in the last minute; check key, plan and ids`,
    });
  }
  if (callMs !== null && callMs.median > SLOW_MS) {
    troubles.push({ state: 'watch', what: `is slow: half of its calls take longer than ${duration(callMs.median)}` });
  }
  return troubles;
}

export function endedOf({ answered, failed, timedOut, throttled, rejected }: CallCounts): number {
  return answered + failed + timedOut + throttled + rejected;
}

function isMuch(some: number, all: number): boolean {
  return some > 0 && (some === all || (all >= FEW_CALLS && some / all >= FAILING_PART));
}

function sinceOf(at: number | null): string {
  return at === null ? '' : ` since ${new Date(at).toISOString().slice(11, 19)} UTC`;
}
