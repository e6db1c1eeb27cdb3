// What is looked up in the running gateway when it is collected. Those of tenants are made line by line, because there may
// be a thousand in use.

import { STREAM_TRANSPORTS } from '../../server/open-streams.ts';
import type { AccountState, GatewayState, KeysState } from '../gateway-state.ts';
import { type Family, type GaugeSample, gauge } from './family.ts';

const CIRCUITS = { CLOSED: 0, HALF_OPEN: 0.5, OPEN: 1 } as const;

/** What the one tenant of a gateway without a file of tenants is called. */
const ONLY_TENANT = 'default';

/** @param version The gateway's. */
export function gaugesOf(state: GatewayState, version: string): readonly Family[] {
  const { isRedisUp } = state;

  function* ofAccounts(read: (account: AccountState) => number): Iterable<GaugeSample> {
    for (const { name, accounts } of state.tenants()) {
      for (const account of accounts()) {
        yield [[`tenant="${name ?? ONLY_TENANT}"`, `provider="${account.provider}"`], read(account)];
      }
    }
  }

  /** Where tokens are checked with no published keys it has no samples. */
  const ofKeys = (read: (keys: KeysState) => number) => {
    const keys = state.keys();
    return keys === undefined ? [] : one(read(keys));
  };

  const one = (value: number): readonly GaugeSample[] => [[[], value]];
  return [
    gauge('gateway_quota_limit', 'Calls that an account may make in the window that has least left.', () =>
      ofAccounts(({ quota }) => quota.limit),
    ),
    gauge('gateway_quota_used', 'Calls that it has made in that window, of all tenants that use it.', () =>
      ofAccounts(({ quota }) => quota.limit - quota.remaining),
    ),
    gauge('gateway_quota_waiting', 'Callers that wait for a call of the quota.', () =>
      [...state.inLine()].map(([provider, count]) => [[`provider="${provider}"`], count]),
    ),
    gauge('gateway_circuit_open', 'Whether calls are not made: 1 open, 0.5 half-open, 0 closed.', () =>
      ofAccounts(({ circuit }) => CIRCUITS[circuit]),
    ),
    gauge(
      'gateway_reads_wanted',
      'Invitations that are kept fresh, because they are watched or were looked at of late.',
      () => ofAccounts(({ waiting }) => waiting.wanted),
    ),
    gauge('gateway_reads_waiting', 'Invitations that are due to be read again.', () =>
      ofAccounts(({ waiting }) => waiting.count),
    ),
    gauge('gateway_reads_longest_wait_seconds', 'How long the oldest of them has waited since it was seen.', () =>
      ofAccounts(({ waiting }) => waiting.longestMs / 1_000),
    ),
    gauge('gateway_tenants', 'Tenants in use.', () => one(state.tenants().length)),
    gauge('gateway_snapshot_entries', 'What is kept of invitations.', () => one(state.held().entries)),
    gauge('gateway_snapshot_bytes', 'About how much memory that takes.', () => one(state.held().bytes)),
    gauge(
      'gateway_snapshot_evictions_total',
      'Entries that were dropped for want of space.',
      () => one(state.held().evictions),
      'counter',
    ),
    gauge('gateway_streams', 'Streams that are open.', () => {
      const open = state.streams();
      return STREAM_TRANSPORTS.map((transport) => [[`transport="${transport}"`], open[transport]]);
    }),
    gauge('gateway_documents_kept', 'Prepared documents that are kept, beside trusted ones.', () =>
      one(state.documents().count),
    ),
    gauge('gateway_documents_kept_bytes', 'About how much memory they take.', () => one(state.documents().bytes)),
    gauge('gateway_jwks_age_seconds', 'How long ago the oldest keys that tokens are checked with were fetched.', () =>
      ofKeys(({ oldestMs }) => oldestMs / 1_000),
    ),
    gauge('gateway_jwks_failing', 'Sets of such keys that could not be fetched when that was last tried.', () =>
      ofKeys(({ failing }) => failing),
    ),
    ...(isRedisUp === undefined
      ? []
      : [gauge('gateway_redis_up', 'Whether Redis can be used.', () => one(isRedisUp() ? 1 : 0))]),
    gauge('gateway_build_info', 'The version that runs.', () => [[[`version="${version}"`], 1]]),
  ];
}
