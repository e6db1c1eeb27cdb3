// Whoever is told of every change asks patiently: the callers' share of the quota is left to callers.

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

test('a patient reader does not get the last calls, and a caller does', async () => {
  const source = newSource();
  const { ask } = snapshotsOf(source);
  expect(await ask(refTo('a'), { isPatient: true })).toBe('PROVIDER_RATE_LIMITED');
  expect(await ask(refTo('b'))).toBe('SENT 0');
  expect(source.reads).toHaveLength(1);
});

test('a caller who joined the read of a patient one gets an answer all the same', async () => {
  const source = newSource();
  const { ask } = snapshotsOf(source);
  const [patient, caller] = await Promise.all([ask(refTo('a'), { isPatient: true }), ask(refTo('a'))]);
  expect([patient, caller]).toEqual(['PROVIDER_RATE_LIMITED', 'SENT 0']);
});

test('a patient reader is refused where so many calls wait already that callers need the rest', async () => {
  const source = createFakeSource();
  source.isCrowded = true;
  const { ask } = snapshotsOf(source);
  expect(await ask(refTo('a'), { isPatient: true })).toBe('PROVIDER_RATE_LIMITED');
  expect(await ask(refTo('a'))).toBe('SENT 0');
});
