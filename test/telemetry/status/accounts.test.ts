import { expect, test } from 'vitest';
import { Given, type How } from '../../../src/snapshots/given.ts';
import { type AccountSource, accountSources } from '../../../src/telemetry/status/account-source.ts';
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
    get inLine() {
      return quota.inLine;
    },
    waiting: { wanted: 50, count: 2, longestMs: 700, lateMs: 0 },
    usage: quota.usage,
    reads: () => ({ made: 9, changed: 1, expected: 1.4 }),
  } satisfies AccountSource;
}

const byId = (sources: readonly AccountSource[]) => new Map(sources.map((source) => [source.id, source]));
const accountsOf = (sources: readonly AccountSource[]) => new Accounts(async () => byId(sources));

/** A ref that was answered so. */
function given(how: How, ...ref: Parameters<Given['add']>): Given {
  const one = new Given('PARTOO', how);
  one.add(...ref);
  return one;
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
  const accounts = accountsOf([source]);
  const [account] = (await accounts.report(false)).accounts;
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

test('calls count by how each attempt ended, and a call that the quota refused to a caller counts as refused', async () => {
  const accounts = accountsOf([sourceOf('one')]);
  const meter = accounts.meterOf('one', 'PARTOO');
  for (const outcome of ['ok', 'ok', 'timeout', 'throttled'] as const) meter?.called(callThatEnded(outcome));
  meter?.called(callThatEnded('no_quota', false));
  for (let n = 0; n < 4; n++) await accounts.sample(performance.now());
  meter?.called(callThatEnded('ok'));
  const [account] = (await accounts.report(true)).accounts;
  expect(account?.lastMinute).toEqual({ answered: 3, failed: 0, timedOut: 1, throttled: 1, rejected: 0 });
  expect(account?.refused).toEqual({ lastMinute: 1, lastHour: 1 });
  for (let n = 0; n < 7; n++) await accounts.sample(performance.now());
  const [later] = (await accounts.report(true)).accounts;
  expect(later?.lastMinute.answered).toBe(0);
  expect(later?.lastHour.answered).toBe(3);
  expect(later?.hour?.used).toHaveLength(11);
});

test('what is final has no age, and what was stale is told', async () => {
  const accounts = accountsOf([sourceOf('one')]);
  const meter = accounts.meterOf('one', 'PARTOO');
  meter.given(given('fresh', 80_000_000, true));
  expect((await accounts.report(false)).accounts[0]?.ages).toBeNull();
  meter.given(given('fresh', 2_000, false));
  meter.given(given('stale', 4_000, false));
  meter.given(given('not_found', Number.NaN, false));
  expect((await accounts.report(false)).accounts[0]?.ages).toMatchObject({ answers: 2, meanMs: 3_000, stale: 1 });
});

test('of a thousand accounts the page shows those that are worst off, and an hour is kept of a hundred', async () => {
  const full = createQuota('PARTOO', WINDOWS);
  for (let n = 0; n < 30; n++) await take(full, `caller-${n}`);
  const many = Array.from({ length: 1_000 }, (_, n) =>
    sourceOf(`tenant-${n}`, n === 777 ? 'OPEN' : 'CLOSED', n === 500 ? full : undefined),
  );
  const accounts = accountsOf(many);
  expect(new Set(many.map(({ id }) => accounts.meterOf(id, 'PARTOO'))).size).toBe(101);
  await accounts.sample(performance.now());
  const { accounts: shown, beyond } = await accounts.report(true);
  expect(shown.slice(0, 2).map(({ name }) => name)).toEqual(['Partoo (tenant-777)', 'Partoo (tenant-500)']);
  expect([shown.length, beyond]).toEqual([20, 980]);
  expect(new Set(shown.map(({ key }) => key)).size).toBe(20);
  // Not called for an hour, they give their places to the next ones.
  const others = accounts.meterOf('tenant-999', 'PARTOO');
  await accounts.sample(performance.now() + 3_700_000);
  expect(accounts.meterOf('tenant-999', 'PARTOO')).not.toBe(others);
});

test('what has no hour of its own is counted with the others of its provider, and says so', async () => {
  const many = Array.from({ length: 130 }, (_, n) => sourceOf(`tenant-${n}`, n === 120 ? 'OPEN' : 'CLOSED'));
  const accounts = accountsOf(many);
  for (const { id } of many) accounts.meterOf(id, 'PARTOO').called(callThatEnded('ok'));
  accounts.meterOf('tenant-120', 'PARTOO').called(callThatEnded('timeout'));
  accounts.meterOf('tenant-120', 'PARTOO').given(given('fresh', 2_000, false));
  const { accounts: shown, together } = await accounts.report(true);
  expect(shown[0]).toMatchObject({ name: 'Partoo (tenant-120)', isCounted: false, lastMinute: { answered: 0 } });
  expect(shown.slice(1).every(({ isCounted, lastMinute }) => isCounted && lastMinute.answered === 1)).toBe(true);
  expect(together).toEqual([
    {
      provider: 'PARTOO',
      name: 'Partoo (30 others together)',
      lastMinute: { answered: 30, failed: 0, timedOut: 1, throttled: 0, rejected: 0 },
      lastHour: { answered: 30, failed: 0, timedOut: 1, throttled: 0, rejected: 0 },
      refused: { lastMinute: 0, lastHour: 0 },
      callMs: { median: expect.any(Number), p99: expect.any(Number) },
      ages: { answers: 1, meanMs: 2_000, p99Ms: expect.any(Number), stale: 0 },
    },
  ]);
  for (let n = 0; n < 7; n++) await accounts.sample(performance.now());
  expect((await accounts.report(false)).together[0]).toMatchObject({
    lastMinute: { answered: 0 },
    lastHour: { answered: 30 },
  });
});

test('a meter that is made while a point is closed is kept', async () => {
  const sources = [sourceOf('one')];
  const accounts = new Accounts(async () => {
    const found = byId(sources);
    await new Promise(setImmediate);
    return found;
  });
  const sampled = accounts.sample(performance.now());
  sources.push(sourceOf('two'));
  const meter = accounts.meterOf('two', 'PARTOO');
  await sampled;
  expect(accounts.meterOf('two', 'PARTOO')).toBe(meter);
});

test('the process goes on with others while a thousand accounts are reported', async () => {
  const tenants = Array.from({ length: 1_000 }, (_, n) => {
    const { usage, waiting, inLine, quota, circuit } = sourceOf(`account-${n}`);
    const foresight = () => ({ reads: 0, changed: 0, expected: 0 });
    const account = {
      id: `account-${n}`,
      provider: 'PARTOO' as const,
      circuit,
      quota,
      inLine,
      waiting,
      usage,
      foresight,
    };
    return { name: `tenant-${n}`, accounts: () => [account] };
  });
  const accounts = new Accounts(() => accountSources(tenants));
  let turns = 0;
  let isMade = false;
  const count = () => {
    turns += 1;
    if (!isMade) setImmediate(count);
  };
  setImmediate(count);
  expect((await accounts.report(true)).accounts).toHaveLength(20);
  isMade = true;
  expect(turns).toBeGreaterThan(10);
});

test('an account that is gone is not counted any more', async () => {
  let sources = [sourceOf('one')];
  const accounts = new Accounts(async () => byId(sources));
  const meter = accounts.meterOf('one', 'PARTOO');
  sources = [];
  await accounts.sample(performance.now());
  sources = [sourceOf('one')];
  expect(accounts.meterOf('one', 'PARTOO')).not.toBe(meter);
});

test('a breaker that probes in vain is open since it opened first, of whichever tenant and place', async () => {
  const accounts = accountsOf([sourceOf('one', 'OPEN')]);
  const meter = accounts.meterOf('one', 'PARTOO');
  const openSince = async () => (await accounts.report(false)).accounts[0]?.openSince;
  const change = (at: number, circuit: Circuit, tenant = 'a') =>
    meter.circuitChanged({ at, circuit, place: null }, tenant);
  change(1_000, 'OPEN');
  for (let at = 10_000; at < 400_000; at += 9_000) {
    change(at, 'HALF_OPEN');
    change(at + 50, 'OPEN');
  }
  expect(await openSince()).toBe(1_000);
  change(400_000, 'OPEN', 'b');
  change(500_000, 'CLOSED');
  expect(await openSince()).toBe(400_000);
  change(600_000, 'CLOSED', 'b');
  expect(await openSince()).toBeNull();
});

test('an account whose breaker is open keeps its history however long it is not called', async () => {
  const few = [sourceOf('one', 'OPEN')];
  const many = [...few, ...Array.from({ length: 200 }, (_, n) => sourceOf(`other-${n}`))];
  for (const sources of [few, many]) {
    const accounts = accountsOf(sources);
    accounts.meterOf('one', 'PARTOO').circuitChanged({ at: 1_000, circuit: 'OPEN', place: null });
    await accounts.sample(performance.now() + 3_700_000);
    const { accounts: shown } = await accounts.report(false);
    expect(shown[0]?.circuitChanges).toHaveLength(1);
  }
});

test('looking at the page takes no places from accounts that are called', async () => {
  const many = Array.from({ length: 200 }, (_, n) => sourceOf(`tenant-${n}`));
  const accounts = accountsOf(many);
  await accounts.report(false);
  const meters = many.slice(-100).map(({ id }) => accounts.meterOf(id, 'PARTOO'));
  expect(new Set(meters).size).toBe(100);
});

test('where a process keeps to its own part of the quota, what callers take is a gap in the hour', async () => {
  const source = sourceOf('one');
  const usage = () => ({ ...source.usage(0), isAlone: true });
  const accounts = accountsOf([{ ...source, usage }]);
  accounts.meterOf('one', 'PARTOO');
  await accounts.sample(performance.now());
  expect((await accounts.report(true)).accounts[0]?.hour?.callers).toEqual([null]);
});

test('what callers take is carried on in every report, also in one without hours', async () => {
  let used = 0;
  const source = sourceOf('one');
  const [window] = source.usage(0).windows;
  if (window === undefined) throw new Error('the quota has no window');
  const usage = () => ({ ...source.usage(0), windows: [{ ...window, used }], background: 0 });
  const accounts = accountsOf([{ ...source, usage }]);
  accounts.meterOf('one', 'PARTOO');
  for (; used < 61; used++) await accounts.sample(performance.now());
  const { accounts: reported } = await accounts.report(false);
  // A hundredth of the quota more each ten seconds: forty to go.
  expect(reported[0]?.fullInMs).toBeCloseTo(400_000, -1);
});
