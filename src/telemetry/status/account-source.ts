// An account as the rooms of the gateway have it now. Tenants that use one account are told as one: its provider counts their
// calls together.

import { PROVIDERS, type ProviderName } from '../../invitation/provider.ts';
import type { Waiting } from '../../snapshots/refresher.ts';
import type { QuotaStatus, QuotaUsage } from '../../upstream/quota.ts';
import type { AccountState, TenantState } from '../gateway-state.ts';
import { list } from './findings/words.ts';
import type { AccountReport, Circuit } from './report.ts';

export interface AccountSource {
  /** Tells it apart from others. It is shown to nobody. */
  readonly id: string;
  readonly provider: ProviderName;
  /** The names of those that use it; null where there is no file of tenants. */
  readonly tenants: readonly (string | null)[];
  readonly circuit: Circuit;
  readonly quota: QuotaStatus;
  readonly waiting: Waiting;
  usage(takers: number): QuotaUsage;
  /** What was read again: how much, and how much of it had changed and was expected to. */
  reads(): AccountReport['reads'];
}

/** Most tenants that are named with an account. */
const MAX_NAMED = 3;

const BY_SEVERITY: readonly Circuit[] = ['CLOSED', 'HALF_OPEN', 'OPEN'];

export function accountSources(tenants: readonly TenantState[]): readonly AccountSource[] {
  const sources = new Map<string, AccountSource>();
  for (const { name, accounts } of tenants) {
    for (const account of accounts()) {
      const other = sources.get(account.id);
      const source = sourceOf(name, account);
      sources.set(account.id, other === undefined ? source : bothOf(other, source));
    }
  }
  return [...sources.values()];
}

/** What the page calls it: its provider, and the tenants that use it. */
export function nameOf({ provider, tenants }: Pick<AccountSource, 'provider' | 'tenants'>): string {
  const { title } = PROVIDERS[provider];
  const names = tenants.filter((name) => name !== null);
  if (names.length === 0) return title;
  const beyond = names.length - MAX_NAMED;
  return `${title} (${list([...names.slice(0, MAX_NAMED), ...(beyond > 0 ? [`${beyond} more`] : [])])})`;
}

function sourceOf(tenant: string | null, account: AccountState): AccountSource {
  const { id, provider, circuit, quota, waiting, usage, foresight } = account;
  return {
    id,
    provider,
    tenants: [tenant],
    circuit,
    quota,
    waiting,
    usage,
    reads() {
      const { reads, changed, expected } = foresight();
      return { made: reads, changed, expected };
    },
  };
}

/** The quota is theirs together; the breaker is each one's own, and the worst is told. */
function bothOf(one: AccountSource, other: AccountSource): AccountSource {
  const [a, b] = [one.waiting, other.waiting];
  return {
    ...one,
    tenants: [...one.tenants, ...other.tenants],
    circuit: BY_SEVERITY.indexOf(other.circuit) > BY_SEVERITY.indexOf(one.circuit) ? other.circuit : one.circuit,
    waiting: {
      wanted: a.wanted + b.wanted,
      count: a.count + b.count,
      longestMs: Math.max(a.longestMs, b.longestMs),
    },
    reads() {
      const [first, second] = [one.reads(), other.reads()];
      return {
        made: first.made + second.made,
        changed: first.changed + second.changed,
        expected: first.expected + second.expected,
      };
    },
  };
}
