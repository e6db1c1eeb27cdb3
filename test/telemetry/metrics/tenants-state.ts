// The state of a gateway with so many tenants in use, two accounts each.

import type { ProviderName } from '../../../src/invitation/provider.ts';
import type { AccountState, GatewayState } from '../../../src/telemetry/gateway-state.ts';

const account = (provider: ProviderName): AccountState => ({
  id: 'id',
  provider,
  circuit: 'CLOSED',
  quota: { limit: 300, remaining: 200, resetsInMs: 1_000 },
  inLine: 0,
  waiting: { wanted: 9, count: 3, longestMs: 4_000, lateMs: 0 },
  usage: () => ({ windows: [], takers: [], background: 0, callers: 0, closedMs: 0, isAlone: false }),
  foresight: () => ({ reads: 0, changed: 0, expected: 0 }),
});

/** And how often their accounts were looked at since that was last asked. */
export function tenantsState(count: number): { readonly state: GatewayState; takeLooks(): number } {
  let looks = 0;
  const tenants = Array.from({ length: count }, (_, n) => ({
    name: `tenant-${n}`,
    accounts() {
      looks += 1;
      return [account('PARTOO'), account('CRONOFY')];
    },
  }));
  return {
    state: {
      tenants: () => tenants,
      held: () => ({ entries: 1, bytes: 2, evictions: 3 }),
      streams: () => ({ sse: 3, websocket: 1 }),
      documents: () => ({ count: 5, bytes: 6 }),
      inLine: () => new Map([['PARTOO', 2]]),
      keys: () => ({ sets: 3, failing: 1, oldestMs: 400_000 }),
      isRedisUp: () => true,
      settle: () => {},
    },
    takeLooks() {
      const taken = looks;
      looks = 0;
      return taken;
    },
  };
}
