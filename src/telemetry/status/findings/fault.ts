// Is it us or them?

import type { AccountReport, Figures, Finding, State } from '../report.ts';
import { endedOf, troublesOf } from './trouble.ts';
import { count, duration, percent } from './words.ts';

/** A process whose timers are so late for half a minute does not answer in time, in milliseconds. */
const LATE_MS = 100;

const FULL_HEAP = 0.85;

const TEN_MINUTES_MS = 600_000;

interface Fault {
  readonly state: State;
  readonly text: string;
}

export function faultFinding(figures: Figures): Finding {
  const them = figures.accounts.flatMap((account) =>
    troublesOf(account).map(({ state, what }): Fault => ({ state, text: `${account.name} ${what}.` })),
  );
  const us = ownFaults(figures);
  const question = 'Is it us or them?';
  const [first] = [...us, ...them].sort((a, b) => severity(b.state) - severity(a.state));
  if (first === undefined) {
    const isIdle = figures.accounts.every(({ lastMinute }) => endedOf(lastMinute) === 0);
    return {
      id: 'fault',
      question,
      state: isIdle ? 'unknown' : 'well',
      answer: isIdle ? 'Neither, as far as can be told: no provider was called in the last minute.' : 'Neither.',
      details: [...figures.accounts.map(wellWords), 'This process answers in time.'],
    };
  }
  const who = us.length > 0 && them.length > 0 ? 'Both' : us.length > 0 ? 'Us' : 'Them';
  const rest = [...us, ...them].filter((fault) => fault !== first).map(({ text }) => text);
  const well = us.length === 0 ? ['Nothing is wrong with this process.'] : [];
  return { id: 'fault', question, state: first.state, answer: `${who}: ${first.text}`, details: [...rest, ...well] };
}

function ownFaults({ at, redis, process, problems }: Figures): Fault[] {
  const faults: Fault[] = [];
  if (redis !== null && !redis.isUp) {
    const why = redis.reason === null ? '' : ` (${redis.reason})`;
    faults.push({
      state: 'wrong',
      text: `Redis cannot be used for ${duration(at - redis.since)}${why}: this process serves from its own memory, and takes its own part of the quota.`,
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
  const own = problems.filter(({ code, at: metAt }) => code === OWN_FAULT && at - metAt < TEN_MINUTES_MS);
  if (own.length > 0) {
    const times = own.reduce((all, each) => all + each.count, 0);
    faults.push({
      state: 'wrong',
      text: `the gateway failed by a fault of its own ${count(times, 'time')} in ten minutes: see its log.`,
    });
  }
  return faults;
}

const OWN_FAULT = 'INTERNAL_SERVER_ERROR';

function wellWords({ name, callMs, lastMinute }: AccountReport): string {
  const calls = endedOf(lastMinute);
  if (callMs === null || calls === 0) return `${name} was not called in the last minute.`;
  return `${name} answers: ${count(calls, 'call')} in the last minute, half of them within ${duration(callMs.median)}.`;
}

export function severity(state: State): number {
  return ORDER.indexOf(state);
}

const ORDER: readonly State[] = ['unknown', 'well', 'watch', 'wrong'];

/** The worst of them; `unknown` where there is none. */
export function worstOf(states: readonly State[]): State {
  return ORDER[Math.max(0, ...states.map(severity))] ?? 'unknown';
}
