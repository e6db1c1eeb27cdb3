// Who spends the quota?

import type { AccountReport, Figures, Finding, State, WindowReport } from '../report.ts';
import { worstOf } from './fault.ts';
import { count, duration, list, percent } from './words.ts';

/** One caller that takes so much of a quota is worth a look. */
const MUCH = 0.4;

export function spendingFinding({ accounts }: Figures): Finding {
  const question = 'Who spends the quota?';
  const [most] = accounts.toSorted((a, b) => usedOf(b) - usedOf(a));
  if (most === undefined || usedOf(most) === 0) {
    const answer = 'Nobody: no call was made in the last window.';
    return { id: 'spending', question, state: 'well', answer, details: [] };
  }
  return {
    id: 'spending',
    question,
    state: worstOf(accounts.map(stateOf)),
    answer: `${most.name}, ${usedWords(longestOf(most))}: ${sharesOf(most)}.`,
    details: accounts.flatMap((account) => (usedOf(account) > 0 ? [wordsOf(account)] : [`${account.name}: nobody.`])),
  };
}

/** The window whose callers are known: the longest. */
export function longestOf({ windows }: Pick<AccountReport, 'windows'>): WindowReport | undefined {
  return windows.toSorted((a, b) => b.windowMs - a.windowMs)[0];
}

/** How much of its fullest window is used, 0 to 1. */
export function usedOf({ windows }: AccountReport): number {
  return Math.max(0, ...windows.map(({ limit, used }) => used / limit));
}

/** How many calls of the longest window the gateway made in the background. */
export function ownCallsOf({ takers }: AccountReport): number {
  return takers.find(({ viewer }) => viewer === null)?.calls ?? 0;
}

function stateOf(account: AccountReport): State {
  const window = longestOf(account);
  // Where it is this process's own part, what all processes took is no part of it.
  if (window === undefined || account.isAlone) return 'unknown';
  return account.takers.some(({ viewer, calls }) => viewer !== null && calls / window.limit > MUCH) ? 'watch' : 'well';
}

function sharesOf(account: AccountReport): string {
  // Where this process keeps to its own part, what is used of that is not all that is known.
  const used = account.takers.reduce((sum, { calls }) => sum + calls, account.others.calls);
  const own = ownCallsOf(account);
  const callers = account.takers.filter(({ viewer }) => viewer !== null);
  const [first] = callers;
  const parts = [
    ...(first === undefined ? [] : [`caller ${first.viewer} takes ${percent(first.calls / used)}`]),
    ...(callers.length + account.others.takers > 1
      ? [
          `${count(callers.length + account.others.takers - 1, 'other caller')} ${percent((used - own - (first?.calls ?? 0)) / used)}`,
        ]
      : []),
    ...(own > 0 ? [`background reads ${percent(own / used)}`] : []),
  ];
  return list(parts);
}

function usedWords(window: WindowReport | undefined): string {
  if (window === undefined) return 'nothing';
  const { used, limit, windowMs } = window;
  return `${used} of ${count(limit, 'call')} in ${duration(windowMs)}`;
}

function wordsOf(account: AccountReport): string {
  const windows = account.windows.map(usedWords);
  const alone = account.isAlone ? ', and this process keeps to its own part' : '';
  return `${account.name} has used ${list(windows)}${alone}: ${sharesOf(account)}.`;
}
