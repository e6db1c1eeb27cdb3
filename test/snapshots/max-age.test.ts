// A caller's own maximum age of an answer, on a clock that the test sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProviderRateLimited, ProviderUnavailable } from '../../src/invitation/problem.ts';
import type { Ref } from '../../src/invitation/ref.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { createFakeSource, type FakeSource, pass, passUnread, refTo, review, snapshotsOf, useClock } from './source.ts';

const SECOND = 1_000;

let source: FakeSource;
let ask: ReturnType<typeof snapshotsOf>['ask'];

beforeEach(() => {
  useClock();
  source = createFakeSource();
  ask = snapshotsOf(source).ask;
});
afterEach(() => vi.useRealTimers());

const says = (status: 'CREATED' | 'SENT' | 'DELIVERED') => (ref: Ref) => review(ref, status);
const failsWith = (error: Error) => () => Promise.reject(error);
const later = (ms: number, status: 'CREATED') => async (ref: Ref) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return says(status)(ref);
};

describe('maxAgeMs', () => {
  test('below the age of the known answer causes a read, and the caller waits', async () => {
    await ask();
    await pass(5 * SECOND);
    source.answer = later(7 * SECOND, 'CREATED');
    const asked = ask(refTo('one'), { maxAgeMs: 4_999 });
    await pass(7 * SECOND);
    expect(await asked).toBe('CREATED 0');
  });

  test('of at least the age of the known answer gives that answer, however old', async () => {
    await ask();
    await passUnread(source, 300 * SECOND);
    expect(await ask(refTo('one'), { maxAgeMs: 300 * SECOND })).toBe('SENT 300000');
    expect(source.reads).toHaveLength(1);
  });

  test('counts whole milliseconds, as `observedAt` does', async () => {
    let laterMs = 0;
    ask = snapshotsOf(source, { now: () => performance.now() + laterMs }).ask;
    await ask();
    laterMs = 5.9;
    await ask(refTo('one'), { maxAgeMs: 5 });
    expect(source.reads).toHaveLength(1);
    laterMs = 6;
    await ask(refTo('one'), { maxAgeMs: 5 });
    expect(source.reads).toHaveLength(2);
  });

  test('shortens the five seconds of "not found", and does not prolong them', async () => {
    source.answer = () => null;
    await ask();
    source.answer = says('CREATED');
    await pass(2 * SECOND);
    expect(await ask(refTo('one'), { maxAgeMs: 300 * SECOND })).toBeNull();
    expect(await ask(refTo('one'), { maxAgeMs: 1 * SECOND })).toBe('CREATED 0');
    await pass(1);
    source.answer = () => null;
    expect(await ask(refTo('one'), { maxAgeMs: 0 })).toBeNull();
    source.answer = says('CREATED');
    await pass(5 * SECOND + 1);
    expect(await ask(refTo('one'), { maxAgeMs: 300 * SECOND })).toBe('CREATED 0');
  });

  test('below the age of an old answer gives that one where there is no quota, also to a caller that joined a read with spare quota', async () => {
    await ask();
    await passUnread(source, 90 * SECOND);
    // The first caller gets the old answer, because other callers have used up the quota.
    while (source.quota.takeSpare(BACKGROUND) === 0);
    while (source.quota.takeNow({ how: 'caller', caller: crypto.randomUUID() }) !== undefined);
    const given = await Promise.all([ask(), ask(refTo('one'), { maxAgeMs: 5 * SECOND })]);
    expect(given).toEqual(['SENT 90000 stale', 'SENT 90000 stale']);
  });

  test('of 0 causes a read each time, also of a final state', async () => {
    source.answer = says('DELIVERED');
    for (const calls of [1, 2, 3]) {
      expect(await ask(refTo('one'), { maxAgeMs: 0 })).toBe('DELIVERED 0');
      expect(source.reads).toHaveLength(calls);
      await pass(1);
    }
  });

  test.each([
    ['fails', new ProviderUnavailable('PARTOO')],
    ['takes no more calls', new ProviderRateLimited('PARTOO', 60)],
  ])('gives the old answer as stale where the provider %s', async (_, error) => {
    await ask();
    await pass(5 * SECOND);
    source.answer = failsWith(error);
    expect(await ask(refTo('one'), { maxAgeMs: 0 })).toBe('SENT 5000 stale');
  });
});
