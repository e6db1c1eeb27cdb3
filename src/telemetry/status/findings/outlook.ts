// Will it hold? What callers take of a quota is carried on as it has grown within the hour; what they leave keeps answers
// fresh, so that a quota that is used up is no fault by itself, and one that falls behind is.

import type { AccountReport, Figures, Finding, State, TogetherReport } from '../report.ts';
import { worstOf } from './fault.ts';
import { longestOf, ownCallsOf } from './spending.ts';
import { capital, count, duration, percent } from './words.ts';

/** What callers take of a quota beyond this part leaves too little to keep answers fresh. */
const FULL = 0.8;

/** What comes later than that is not foreseen, in milliseconds. */
const FORESEEN_MS = 24 * 3_600_000;

/** What has waited that many rounds has fallen behind: by its order, nothing waits for more than two and a half. */
const ROUNDS = 3;

export function outlookFinding({ accounts, together }: Figures): Finding {
  const question = 'Will it hold?';
  const outlooks = [...accounts.map(outlookOf), ...together.flatMap(outlookOfRest)].sort((a, b) => b.part - a.part);
  const state = worstOf(outlooks.map((outlook) => outlook.state));
  const worst = outlooks.find((outlook) => outlook.state === state);
  const answer = worst === undefined ? 'Not known: no account is in use.' : capital(worst.words);
  return {
    id: 'outlook',
    question,
    state,
    answer,
    details: outlooks.filter((each) => each !== worst).map(({ words }) => capital(words)),
  };
}

interface Outlook {
  /** What callers take of the quota, 0 to 1. */
  readonly part: number;
  readonly state: State;
  readonly words: string;
}

function outlookOf(account: AccountReport): Outlook {
  const { name, circuit, closedMs, refused, due, oldestMs, lateMs, wanted, fullInMs, isAlone } = account;
  const window = longestOf(account);
  if (window === undefined) return { part: 0, state: 'unknown', words: `${name}: not known.` };
  // The window is this process's own part then, and those who take calls are known of all processes.
  const part = isAlone ? 0 : (window.used - ownCallsOf(account)) / window.limit;
  const takes = `callers take ${percent(part)} of what ${name} allows`;
  const roundMs = (wanted / window.limit) * window.windowMs;
  if (closedMs > 0) {
    return {
      part,
      state: 'wrong',
      words: `not now: ${name} asks for no call for another ${duration(closedMs)} (429).`,
    };
  }
  if (circuit !== 'CLOSED') {
    return { part, state: 'wrong', words: `not now: ${name} is not called while its breaker is open.` };
  }
  if (refused.lastMinute > 0) {
    const times = count(refused.lastMinute, 'call');
    return {
      part,
      state: 'wrong',
      words: `no: ${takes}, and ${times} had to be refused in the last minute. Raise the quota, or ask for less.`,
    };
  }
  if (isAlone) {
    return {
      part,
      state: 'unknown',
      words: `${name}: not known while this process keeps to its own part of the quota.`,
    };
  }
  if (due > 0 && lateMs > ROUNDS * Math.max(roundMs, window.windowMs)) {
    const waits = `${count(due, 'invitation waits', 'invitations wait')} to be read again, the first for ${duration(oldestMs)}`;
    return { part, state: 'watch', words: `not as it is: ${takes}, and reading has fallen behind. ${capital(waits)}.` };
  }
  if (part > FULL)
    return { part, state: 'watch', words: `hardly: ${takes}, which leaves little to keep answers fresh.` };
  if (fullInMs !== null && fullInMs < FORESEEN_MS) {
    return {
      part,
      state: 'watch',
      words: `not for long: ${takes}, and as it has grown within the hour all of it in ${duration(fullInMs)}.`,
    };
  }
  const round =
    roundMs < 1_000 ? '' : ` One round over ${count(wanted, 'invitation')} in use takes ${duration(roundMs)}.`;
  return { part, state: 'well', words: `yes: ${takes}.${round}` };
}

/** Of those that are counted together it is known alone what was refused. */
function outlookOfRest({ name, refused }: TogetherReport): readonly Outlook[] {
  if (refused.lastMinute === 0) return [];
  const times = count(refused.lastMinute, 'call');
  const words = `no: ${times} of ${name} had to be refused in the last minute. Raise the quota, or ask for less.`;
  return [{ part: 1, state: 'wrong', words }];
}
