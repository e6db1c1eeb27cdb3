// An invitation's extras (the ICS) beside its state: kept as long as the state stays the same, also after reads without
// them, and never in place of a newer state. On a clock that the test sets.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProviderTimeout, ProviderUnauthorized, ProviderUnavailable } from '../../src/invitation/problem.ts';
import type { SharedSnapshot } from '../../src/snapshots/codec.ts';
import {
  board,
  createFakeSource,
  type FakeSource,
  invite,
  pass,
  seenElsewhere,
  snapshotsOf,
  useClock,
} from './source.ts';

const SECOND = 1_000;
const WITH_ICS = { withExtras: true };

let source: FakeSource;
let all: ReturnType<typeof snapshotsOf>;
let ask: typeof all.ask;
/** What the recipient has answered. */
let status: string;

beforeEach(() => {
  useClock();
  status = 'pending';
  source = createFakeSource();
  source.answer = (_, { withExtras }) => invite(status, withExtras ? { icalendar: 'BEGIN' } : {});
  all = snapshotsOf(source);
  ask = all.ask;
});
afterEach(() => vi.useRealTimers());

const asked = () => source.reads.map(({ withExtras }) => (withExtras ? 'with ICS' : 'plain'));
const failing = (error: Error) => {
  source.answer = () => Promise.reject(error);
};
/** Another process has just read it, without its ICS. */
const adopt = () => all.snapshots.adopt(seenElsewhere(board, invite(status)));

async function icsOf(): Promise<unknown> {
  const given = all.snapshots.answer(board, true, null);
  return given?.type === 'SmartInvite' ? given.attachments?.icalendar : given;
}

test('a read without ICS that finds the same state keeps the known ICS, with its own age', async () => {
  await ask(board, WITH_ICS);
  await pass(5 * SECOND);
  expect(await ask(board, { maxAgeMs: 0 })).toBe('pending 0');
  expect(await ask(board, WITH_ICS)).toBe('pending 5000');
  expect(await icsOf()).toBe('BEGIN');
  await pass(6 * SECOND);
  // Older than fresh: it is read again in the background, with its ICS.
  expect(await ask(board, WITH_ICS)).toBe('pending 11000');
  await pass(0);
  expect(asked()).toEqual(['with ICS', 'plain', 'with ICS']);
});

test('a read without ICS that ends after one with ICS keeps the ICS', async () => {
  source.answer = async (_, { withExtras }) => {
    await new Promise((resolve) => setTimeout(resolve, withExtras ? 100 : 500));
    return invite(status, withExtras ? { icalendar: 'BEGIN' } : {});
  };
  const both = [ask(board), ask(board, WITH_ICS)];
  await pass(500);
  await Promise.all(both);
  expect(await icsOf()).toBe('BEGIN');
});

test('an old ICS is given where the provider fails, though the state was read since', async () => {
  await ask(board, WITH_ICS);
  await pass(20 * SECOND);
  await ask(board, { maxAgeMs: 0 });
  failing(new ProviderUnavailable('CRONOFY'));
  await pass(100 * SECOND);
  expect(await ask(board, WITH_ICS)).toBe('pending 120000 stale');
});

test('processes that read the ICS in turn keep their own, and share the state', async () => {
  const told: ((snapshot: SharedSnapshot) => void)[] = [];
  const processes = [0, 1].map((n) =>
    snapshotsOf(source, {
      shared: {
        find: async () => undefined,
        claim: async () => true,
        share: (snapshot) => told[1 - n]?.(snapshot),
        hear: () => {},
      },
    }),
  );
  for (const { snapshots } of processes) told.push(snapshots.adopt);
  for (let second = 0; second < 8; second++) {
    await processes[second % 2]?.ask(board, WITH_ICS);
    await pass(SECOND);
  }
  expect(asked()).toEqual(['with ICS', 'with ICS']);
});

test('a caller that waits for the ICS gets no older state than the known one', async () => {
  await ask(board, WITH_ICS);
  await pass(120 * SECOND);
  source.answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 3 * SECOND));
    return invite(status, { icalendar: 'NEW' });
  };
  status = 'accepted';
  const waiting = ask(board, WITH_ICS);
  await pass(SECOND / 2);
  adopt();
  await pass(3 * SECOND);
  expect(await waiting).toBe('accepted 0');
});

test('a failed read with ICS does not make the state without ICS stale', async () => {
  await ask(board, WITH_ICS);
  await pass(5 * SECOND);
  await ask(board, { maxAgeMs: 0 });
  failing(new ProviderTimeout('CRONOFY'));
  await ask(board, { ...WITH_ICS, maxAgeMs: 0 });
  await pass(11 * SECOND);
  source.answer = () => new Promise(() => {});
  expect(await ask(board)).toBe('pending 11000');
});

test('a refused ICS is not given again, and the state still is', async () => {
  await ask(board, WITH_ICS);
  await pass(5 * SECOND);
  await ask(board, { maxAgeMs: 0 });
  failing(new ProviderUnauthorized('CRONOFY'));
  expect(await ask(board, { ...WITH_ICS, maxAgeMs: 0 })).toBe('PROVIDER_UNAUTHORIZED');
  expect(await icsOf()).toBeUndefined();
  expect(await ask(board)).toBe('pending 0');
});
