import { expect, test } from 'vitest';
import type { AccountSource } from '../../../src/telemetry/status/account-source.ts';
import { Accounts } from '../../../src/telemetry/status/accounts.ts';
import type { Circuit } from '../../../src/telemetry/status/report.ts';
import { digestOfViewer } from '../../../src/telemetry/viewer-digest.ts';
import { CallRecord } from '../../../src/upstream/call-record.ts';
import { createQuota } from '../../../src/upstream/quota.ts';
import { take } from '../../upstream/takers.ts';

const WINDOWS = [{ limit: 100, windowMs: 60_000 }];

function sourceOf(id: string, circuit: Circuit = 'CLOSED', quota = createQuota('PARTOO', WINDOWS)) {
  return {
    id,
    provider: 'PARTOO',
    tenants: [id],
    circuit,
    get quota() {
      return quota.status();
    },
    waiting: { wanted: 50, count: 2, longestMs: 700 },
    usage: quota.usage,
    reads: () => ({ made: 9, changed: 1, expected: 1.4 }),
  } satisfies AccountSource;
}

/** A call whose one attempt ended so. */
function callThatEnded(outcome: 'ok' | 'timeout' | 'throttled' | 'no_quota', isSent = true): CallRecord {
  const record = new CallRecord(
    { provider: 'PARTOO', template: '/' },
    { how: 'caller', caller: 'ann' },
    () => undefined,
  );
  record.begin();
  if (isSent) record.sent();
  record.end(outcome);
  return record;
}

test('an account is told with who takes its quota, by digests, and with the best age that is possible', async () => {
  const quota = createQuota('PARTOO', WINDOWS);
  const source = sourceOf('one', 'CLOSED', quota);
  for (const caller of ['ann', 'ann', 'bob']) await take(quota, caller);
  quota.takeSpare({ how: 'background', caller: '' });
  const accounts = new Accounts(() => [source]);
  const [account] = accounts.report(false).accounts;
  expect(account).toMatchObject({
    name: 'Partoo (one)',
    windows: [{ limit: 100, used: 4, windowMs: 60_000 }],
    takers: [
      { viewer: digestOfViewer('ann'), calls: 2 },
      { viewer: digestOfViewer('bob'), calls: 1 },
      { viewer: null, calls: 1 },
    ],
    others: { takers: 0, calls: 0 },
    due: 2,
    oldestMs: 700,
    // Fifty in use, a hundred reads a minute: one round takes half a minute.
    bestMs: 15_000,
  });
  expect(account).not.toHaveProperty('hour');
});

test('calls count by how each attempt ended, and a call that the quota refused to a caller counts as refused', () => {
  const accounts = new Accounts(() => [sourceOf('one')]);
  const meter = accounts.meterOf('one');
  for (const outcome of ['ok', 'ok', 'timeout', 'throttled'] as const) meter?.called(callThatEnded(outcome));
  meter?.called(callThatEnded('no_quota', false));
  for (let n = 0; n < 4; n++) accounts.sample(performance.now());
  meter?.called(callThatEnded('ok'));
  const [account] = accounts.report(true).accounts;
  expect(account?.lastMinute).toEqual({ answered: 3, failed: 0, timedOut: 1, throttled: 1, rejected: 0 });
  expect(account?.refused).toEqual({ lastMinute: 1, lastHour: 1 });
  for (let n = 0; n < 7; n++) accounts.sample(performance.now());
  const [later] = accounts.report(true).accounts;
  expect(later?.lastMinute.answered).toBe(0);
  expect(later?.lastHour.answered).toBe(3);
  expect(later?.hour?.used).toHaveLength(11);
});

test('what is final has no age, and what was stale is told', () => {
  const accounts = new Accounts(() => [sourceOf('one')]);
  const meter = accounts.meterOf('one');
  meter?.given('fresh', 80_000_000, true);
  expect(accounts.report(false).accounts[0]?.ages).toBeNull();
  meter?.given('fresh', 2_000, false);
  meter?.given('stale', 4_000, false);
  meter?.given('not_found', Number.NaN, false);
  expect(accounts.report(false).accounts[0]?.ages).toMatchObject({ answers: 2, meanMs: 3_000, stale: 1 });
});

test('of a thousand accounts the page shows those that are worst off, and an hour is kept of a hundred', async () => {
  const full = createQuota('PARTOO', WINDOWS);
  for (let n = 0; n < 30; n++) await take(full, `caller-${n}`);
  const many = Array.from({ length: 1_000 }, (_, n) =>
    sourceOf(`tenant-${n}`, n === 777 ? 'OPEN' : 'CLOSED', n === 500 ? full : undefined),
  );
  const accounts = new Accounts(() => many);
  const counted = many.filter(({ id }) => accounts.meterOf(id) !== undefined);
  expect(counted).toHaveLength(100);
  accounts.sample(performance.now());
  const { accounts: shown, beyond } = accounts.report(true);
  expect(shown.slice(0, 2).map(({ name }) => name)).toEqual(['Partoo (tenant-777)', 'Partoo (tenant-500)']);
  expect([shown.length, beyond]).toEqual([20, 980]);
  // Not called for an hour, they give their places to the next ones.
  accounts.sample(performance.now() + 3_700_000);
  expect(accounts.meterOf('tenant-999')).toBeDefined();
});

test('an account that is gone is not counted any more', () => {
  let sources = [sourceOf('one')];
  const accounts = new Accounts(() => sources);
  const meter = accounts.meterOf('one');
  sources = [];
  accounts.sample(performance.now());
  sources = [sourceOf('one')];
  expect(accounts.meterOf('one')).not.toBe(meter);
});
