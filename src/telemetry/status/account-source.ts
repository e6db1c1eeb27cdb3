// An account as the rooms of the gateway have it now. Tenants that use one account are told as one: its provider counts their
// calls together. There may be two thousand: what is not asked for is not looked up.

import { PROVIDERS, type ProviderName } from '../../invitation/provider.ts';
import type { Waiting } from '../../snapshots/lanes.ts';
import type { QuotaStatus, QuotaUsage } from '../../upstream/quota.ts';
import type { AccountState, TenantState } from '../gateway-state.ts';
import { inSlices } from '../slices.ts';
import { list } from './findings/words.ts';
import type { AccountReport, Circuit } from './report.ts';

export interface AccountSource {
  /** Tells it apart from others. It is shown to nobody. */
  readonly id: string;
  readonly provider: ProviderName;
  /** The names of those that use it; null where there is no file of tenants. */
  readonly tenants: readonly (string | null)[];
  /** The breaker is each tenant's own: the worst of them. */
  readonly circuit: Circuit;
  /** The quota is theirs together. */
  readonly quota: QuotaStatus;
  readonly inLine: number;
  readonly waiting: Waiting;
  usage(takers: number): QuotaUsage;
  /** What was read again: how much, and how much of it had changed and was expected to. */
  reads(): AccountReport['reads'];
}

/** Most tenants that are named with an account. */
const MAX_NAMED = 3;

const BY_SEVERITY: readonly Circuit[] = ['CLOSED', 'HALF_OPEN', 'OPEN'];

const TENANTS_PER_TURN = 50;

/** All of them, by id. */
export async function accountSources(tenants: readonly TenantState[]): Promise<ReadonlyMap<string, AccountSource>> {
  const sources = new Map<string, SharedAccount>();
  await inSlices(tenants, TENANTS_PER_TURN, ({ name, accounts }) => {
    for (const account of accounts()) {
      const known = sources.get(account.id);
      if (known === undefined) sources.set(account.id, new SharedAccount(name, account));
      else known.join(name, account);
    }
  });
  return sources;
}

/** What the page calls it: its provider, and the tenants that use it. */
export function nameOf({ provider, tenants }: Pick<AccountSource, 'provider' | 'tenants'>): string {
  const { title } = PROVIDERS[provider];
  const names = tenants.filter((name) => name !== null);
  if (names.length === 0) return title;
  const beyond = names.length - MAX_NAMED;
  return `${title} (${list([...names.slice(0, MAX_NAMED), ...(beyond > 0 ? [`${beyond} more`] : [])])})`;
}

/** What the page calls those of a provider that are counted together. */
export function togetherName(provider: ProviderName, count: number): string {
  return `${PROVIDERS[provider].title} (${count} others together)`;
}

class SharedAccount implements AccountSource {
  readonly tenants: (string | null)[];
  readonly #first: AccountState;
  readonly #states: AccountState[];

  constructor(tenant: string | null, state: AccountState) {
    this.tenants = [tenant];
    this.#first = state;
    this.#states = [state];
  }

  join(tenant: string | null, state: AccountState): void {
    this.tenants.push(tenant);
    this.#states.push(state);
  }

  get id(): string {
    return this.#first.id;
  }

  get provider(): ProviderName {
    return this.#first.provider;
  }

  get circuit(): Circuit {
    const worst = Math.max(...this.#states.map(({ circuit }) => BY_SEVERITY.indexOf(circuit)));
    return BY_SEVERITY[worst] ?? 'CLOSED';
  }

  get quota(): QuotaStatus {
    return this.#first.quota;
  }

  get inLine(): number {
    return this.#first.inLine;
  }

  get waiting(): Waiting {
    return this.#states
      .map(({ waiting }) => waiting)
      .reduce((a, b) => ({
        wanted: a.wanted + b.wanted,
        count: a.count + b.count,
        longestMs: Math.max(a.longestMs, b.longestMs),
        lateMs: Math.max(a.lateMs, b.lateMs),
      }));
  }

  usage(takers: number): QuotaUsage {
    return this.#first.usage(takers);
  }

  reads(): AccountReport['reads'] {
    const all = { made: 0, changed: 0, expected: 0 };
    for (const { foresight } of this.#states) {
      const { reads, changed, expected } = foresight();
      all.made += reads;
      all.changed += changed;
      all.expected += expected;
    }
    return all;
  }
}
