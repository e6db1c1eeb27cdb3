// What is refused, and why?

import type { Figures, Finding, State } from '../report.ts';
import { worstOf } from './fault.ts';
import { count } from './words.ts';

interface Why {
  readonly state: State;
  readonly why: string;
}

/** What each code means to an operator. What is not in it is a fault of the callers' own. */
const WHY: Readonly<Record<string, Why>> = {
  UNAUTHENTICATED: { state: 'watch', why: 'callers showed no token, or one that is expired or not accepted' },
  AUTH_UNAVAILABLE: {
    state: 'wrong',
    why: 'the keys that tokens are checked with could not be fetched: look at AUTH_JWKS_URL',
  },
  FORBIDDEN: { state: 'watch', why: 'tokens did not grant what was asked' },
  RATE_LIMITED: { state: 'watch', why: 'callers asked for more than CALLER_RATE or MAX_STREAMS allows' },
  PROVIDER_NOT_CONFIGURED: { state: 'wrong', why: 'there are no credentials for what was asked' },
  PROVIDER_REJECTED: {
    state: 'watch',
    why: 'the provider refused these requests: ids or addresses that it does not take',
  },
  PROVIDER_UNAUTHORIZED: { state: 'wrong', why: "the provider refused the gateway's credentials: check key and plan" },
  PROVIDER_RATE_LIMITED: { state: 'wrong', why: 'the quota had no call left in time, and no older answer was known' },
  PROVIDER_TIMEOUT: { state: 'wrong', why: 'the provider did not answer in time' },
  PROVIDER_UNAVAILABLE: { state: 'wrong', why: 'the provider failed, could not be reached, or the breaker was open' },
  PROVIDER_BAD_RESPONSE: { state: 'wrong', why: 'the provider answered what its contract does not allow' },
  PROVIDER_OVERLOADED: { state: 'wrong', why: 'too many calls waited for the provider here' },
  INTERNAL_SERVER_ERROR: { state: 'wrong', why: 'the gateway failed: see its log' },
  BAD_USER_INPUT: { state: 'well', why: 'queries, variables or ids were wrong' },
};

/** Clients send hash and text by themselves after it. */
const NO_REFUSALS: readonly string[] = ['PERSISTED_QUERY_NOT_FOUND'];

const OTHER: Why = { state: 'well', why: 'callers asked for what they may not run' };

/** Where the provider has throttled, that is why no call was left. */
const THROTTLED: Why = { state: 'wrong', why: 'the provider throttled (429), and no older answer was known' };

export function refusalsFinding({ problemsByCode, accounts, together }: Figures): Finding {
  const throttling = [...accounts, ...together]
    .filter(({ lastHour }) => lastHour.throttled > 0)
    .map(({ provider }) => provider);
  const whyOf = ({ code, provider }: Figures['problemsByCode'][number]): Why =>
    code === 'PROVIDER_RATE_LIMITED' && provider !== null && throttling.includes(provider)
      ? THROTTLED
      : (WHY[code] ?? OTHER);

  const question = 'What is refused, and why?';
  const refused = problemsByCode.filter(({ code }) => !NO_REFUSALS.includes(code));
  const [most] = refused.toSorted((a, b) => b.count - a.count);
  if (most === undefined) {
    return { id: 'refusals', question, state: 'well', answer: 'Nothing in the last hour.', details: [] };
  }
  const all = refused.reduce((sum, each) => sum + each.count, 0);
  const words = refused
    .toSorted((a, b) => b.count - a.count)
    .map((each) => {
      const { code, provider, count: times } = each;
      const whose = provider === null ? '' : ` (${provider})`;
      return `${code}${whose}, ${count(times, 'time')}: ${whyOf(each).why}.`;
    });
  return {
    id: 'refusals',
    question,
    state: worstOf(refused.map((each) => whyOf(each).state)),
    answer: `${count(all, 'answer')} in the last hour, mostly because ${whyOf(most).why}.`,
    details: words,
  };
}
