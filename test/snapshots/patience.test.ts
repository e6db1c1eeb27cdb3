// A subscription is a patient reader, because it gets every change: it leaves the callers' share of the quota to callers.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { createFakeSource, refTo, snapshotsOf, useClock } from './source.ts';

beforeEach(useClock);
afterEach(() => vi.useRealTimers());

/** Ten calls, nine of which background work may use, and has. */
function newSource() {
  const source = createFakeSource([{ limit: 10, windowMs: 60_000 }]);
  for (let n = 0; n < 9; n++) source.quota.takeSpare(BACKGROUND);
  return source;
}

test('a patient reader does not get the last calls of the quota, and a caller does', async () => {
  const source = newSource();
  const { ask } = snapshotsOf(source);
  expect(await ask(refTo('a'), { isPatient: true })).toBe('PROVIDER_RATE_LIMITED');
  expect(await ask(refTo('b'))).toBe('SENT 0');
  expect(source.reads).toHaveLength(1);
});

test('a caller who joined the read of a patient reader gets an answer', async () => {
  const source = newSource();
  const { ask } = snapshotsOf(source);
  const [patient, caller] = await Promise.all([ask(refTo('a'), { isPatient: true }), ask(refTo('a'))]);
  expect([patient, caller]).toEqual(['PROVIDER_RATE_LIMITED', 'SENT 0']);
});

test('a patient reader is refused where the queue leaves room for callers only', async () => {
  const source = createFakeSource();
  source.isCrowded = true;
  const { ask } = snapshotsOf(source);
  expect(await ask(refTo('a'), { isPatient: true })).toBe('PROVIDER_RATE_LIMITED');
  expect(await ask(refTo('a'))).toBe('SENT 0');
});
