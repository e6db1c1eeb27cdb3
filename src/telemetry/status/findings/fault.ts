// Is it us or them?

import type { CountedReport, Figures, Finding, State } from '../report.ts';
import { endedOf, troublesOf } from './trouble.ts';
import { count, duration, percent } from './words.ts';

/** A process whose timers are so late for half a minute does not answer in time, in milliseconds. */
const LATE_MS = 100;

const FULL_HEAP = 0.85;

interface Fault {
  readonly state: State;
  readonly text: string;
}

export function faultFinding(figures: Figures): Finding {
  const { accounts, together } = figures;
  const them = [...accounts, ...together].flatMap((account) =>
    troublesOf(account).map(({ state, what }): Fault => ({ state, text: `${account.name} ${what}.` })),
  );
  const us = ownFaults(figures);
  const question = 'Is it us or them?';
  const [first] = [...us, ...them].sort(bySeverity);
  if (first === undefined) {
    const counted = [...accounts.filter(({ isCounted }) => isCounted), ...together];
    const isIdle = counted.every(({ lastMinute }) => endedOf(lastMinute) === 0);
    return {
      id: 'fault',
      question,
      state: isIdle ? 'unknown' : 'well',
      answer: isIdle
        ? 'Neither, as far as can be told: no provider was called in the last minute.'
        : 'Neither: providers answer, and this process is well.',
      details: [...counted.map(wellWords), 'This process answers in time.'],
    };
  }
  const [worstOfUs, worstOfThem] = [us, them].map((faults) => faults.toSorted(bySeverity)[0]);
  const told = [
    ...(worstOfUs === undefined ? [] : [`Us: ${worstOfUs.text}`]),
    ...(worstOfThem === undefined ? [] : [`Them: ${worstOfThem.text}`]),
  ];
  const answer = told.length === 2 ? `Both. ${told.join(' ')}` : told.join('');
  const rest = [...us, ...them].filter((fault) => fault !== worstOfUs && fault !== worstOfThem).map(({ text }) => text);
  const well = us.length === 0 ? ['Nothing is wrong with this process.'] : [];
  return { id: 'fault', question, state: first.state, answer, details: [...rest, ...well] };
}

function ownFaults({ at, redis, keys, process, faults: times }: Figures): Fault[] {
  const faults: Fault[] = [];
  if (redis !== null && !redis.isUp) {
    const why = redis.reason === null ? '' : ` (${redis.reason})`;
    faults.push({
      state: 'wrong',
      text: `Redis cannot be used for ${duration(at - redis.since)}${why}: this process serves from its own memory, and takes its own part of the quota.`,
    });
  }
  if (keys !== null && keys.failing > 0) {
    const { oldestMs } = keys;
    faults.push({
      state: oldestMs === null ? 'wrong' : 'watch',
      text: `the keys that tokens are checked with cannot be fetched: ${
        oldestMs === null
          ? 'they were never had, and such tokens are not accepted'
          : `those of ${duration(oldestMs)} ago go on for AUTH_JWKS_STALE_SECONDS`
      }. Look at the identity provider.`,
    });
  }
  if (process.lateMs > LATE_MS) {
    faults.push({
      state: 'wrong',
      text: `this process is too busy: it is up to ${duration(process.loopDelayMs.max)} late.`,
    });
  }
  const heap = process.heapBytes / process.heapLimitBytes;
  if (heap > FULL_HEAP) faults.push({ state: 'wrong', text: `this process has used ${percent(heap)} of its memory.` });
  if (times > 0) {
    faults.push({
      state: 'wrong',
      text: `the gateway failed by a fault of its own ${count(times, 'time')} in ten minutes: see its log.`,
    });
  }
  return faults;
}

function wellWords({ name, callMs, lastMinute }: CountedReport & { readonly name: string }): string {
  const calls = endedOf(lastMinute);
  if (callMs === null || calls === 0) return `${name} was not called in the last minute.`;
  return `${name} answers: ${count(calls, 'call')} in the last minute, half of them within ${duration(callMs.median)}.`;
}

/** The worst first. */
function bySeverity(a: Fault, b: Fault): number {
  return severity(b.state) - severity(a.state);
}

function severity(state: State): number {
  return ORDER.indexOf(state);
}

const ORDER: readonly State[] = ['unknown', 'well', 'watch', 'wrong'];

/** The worst of them; `unknown` where there is none. */
export function worstOf(states: readonly State[]): State {
  return ORDER[Math.max(0, ...states.map(severity))] ?? 'unknown';
}
