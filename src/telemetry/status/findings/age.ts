// How old are the answers?

import type { AccountReport, Figures, Finding, State } from '../report.ts';
import { worstOf } from './fault.ts';
import { age, capital, count, duration, percent } from './words.ts';

/** What is younger counts as fresh by default, in milliseconds: nothing better is tried. */
const FRESH_MS = 10_000;

/** Answers that are so many times as old as they could be are worth a look. */
const MUCH_OLDER = 3;

const MANY_STALE = 0.05;

type Aged = Pick<AccountReport, 'name' | 'ages' | 'bestMs' | 'wanted'>;

/** Of accounts that are counted together: what is possible is for each to say. */
const NO_BEST = { bestMs: null, wanted: 0 };

export function ageFinding({ accounts, together }: Figures): Finding {
  const question = 'How old are the answers?';
  const all: readonly Aged[] = [...accounts, ...together.map((each) => ({ ...each, ...NO_BEST }))];
  const known = all.flatMap((account) => (account.ages === null ? [] : [{ account, ages: account.ages }]));
  const [oldest] = known.toSorted((a, b) => b.ages.meanMs - a.ages.meanMs);
  if (oldest === undefined) {
    const answer = 'Not known: nothing that may still change was asked for in the last minutes.';
    return { id: 'age', question, state: 'unknown', answer, details: [] };
  }
  const { ages } = oldest;
  return {
    id: 'age',
    question,
    state: worstOf(known.map(({ account }) => stateOf(account))),
    answer: `${capital(age(ages.meanMs))} on average (${oldest.account.name}), and 99 of 100 are younger than ${duration(Math.max(1_000, ages.p99Ms))}.`,
    details: known.map(({ account }) => wordsOf(account)),
  };
}

function stateOf({ ages, bestMs }: Aged): State {
  if (ages === null) return 'unknown';
  if (ages.stale / ages.answers > MANY_STALE) return 'watch';
  return ages.meanMs > MUCH_OLDER * Math.max(bestMs ?? 0, FRESH_MS) ? 'watch' : 'well';
}

function wordsOf({ name, ages, bestMs, wanted }: Aged): string {
  if (ages === null) return '';
  const best =
    bestMs === null
      ? ''
      : ` The quota allows ${age(bestMs)} at best for ${count(wanted, 'invitation')} in use; what is younger than FRESH_SECONDS is not read again.`;
  const stale = ages.stale > 0 ? ` ${percent(ages.stale / ages.answers)} were marked as stale.` : '';
  return `${name}: ${age(ages.meanMs)} on average over ${count(ages.answers, 'answer')}.${best}${stale}`;
}
