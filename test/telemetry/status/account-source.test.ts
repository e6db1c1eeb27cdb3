import { expect, test } from 'vitest';
import type { AccountState } from '../../../src/telemetry/gateway-state.ts';
import { accountSources, nameOf } from '../../../src/telemetry/status/account-source.ts';

function account(id: string, changes: Partial<AccountState> = {}): AccountState {
  return {
    id,
    provider: 'PARTOO',
    circuit: 'CLOSED',
    quota: { limit: 100, remaining: 40, resetsInMs: 0 },
    inLine: 3,
    waiting: { wanted: 10, count: 2, longestMs: 500, lateMs: 0 },
    usage: () => ({ windows: [], takers: [], background: 0, callers: 0, closedMs: 0, isAlone: false }),
    foresight: () => ({ reads: 5, changed: 1, expected: 1.5 }),
    ...changes,
  };
}

test('tenants that use one account are told as one: the worst breaker, and what waits together', async () => {
  const found = await accountSources([
    { name: 'acme', accounts: () => [account('shared'), account('own', { provider: 'CRONOFY' })] },
    {
      name: 'beta',
      accounts: () => [
        account('shared', { circuit: 'OPEN', waiting: { wanted: 5, count: 1, longestMs: 900, lateMs: 400 } }),
      ],
    },
  ]);
  expect([...found.keys()]).toEqual(['shared', 'own']);
  const sources = [...found.values()];
  expect(sources.map((source) => nameOf(source))).toEqual(['Partoo (acme and beta)', 'Cronofy (acme)']);
  expect(sources[0]).toMatchObject({
    circuit: 'OPEN',
    inLine: 3,
    waiting: { wanted: 15, count: 3, longestMs: 900, lateMs: 400 },
  });
  expect(sources[0]?.reads()).toEqual({ made: 10, changed: 2, expected: 3 });
});

test('an account has the name of its provider where there are no tenants, and of three tenants at most', () => {
  const named = (tenants: readonly (string | null)[]) => nameOf({ provider: 'PARTOO', tenants });
  expect(named([null])).toBe('Partoo');
  expect(named(['a', 'b', 'c', 'd', 'e'])).toBe('Partoo (a, b, c and 2 more)');
});
