// How fresh an answer is: every row of the README's table, on a clock that the test sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Invitation } from '../../src/invitation/kinds.ts';
import {
  ProviderBadResponse,
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderTimeout,
  ProviderUnauthorized,
  ProviderUnavailable,
} from '../../src/invitation/problem.ts';
import type { Ref } from '../../src/invitation/ref.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import {
  board,
  createFakeSource,
  type FakeSource,
  invite,
  pass,
  passUnread,
  refTo,
  review,
  snapshotsOf,
  useClock,
} from './source.ts';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

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
const later = (ms: number, answer: (ref: Ref) => Invitation | null) => (ref: Ref) =>
  new Promise<Invitation | null>((resolve) => setTimeout(() => resolve(answer(ref)), ms));

const PASSING: [string, Error][] = [
  ['fails', new ProviderUnavailable('PARTOO')],
  ['does not answer in time', new ProviderTimeout('PARTOO')],
  ['takes no more calls', new ProviderRateLimited('PARTOO', 60)],
  ['has too many waiting', new ProviderOverloaded('PARTOO')],
];

describe('an answer up to ten seconds old', () => {
  test('is given without a call', async () => {
    expect(await ask()).toBe('SENT 0');
    await pass(10 * SECOND);
    expect(await ask()).toBe('SENT 10000');
    expect(source.reads).toHaveLength(1);
    await pass(1);
    expect(await ask()).toBe('SENT 10001');
    expect(source.reads).toHaveLength(2);
  });

  test('that is final may be up to a day old', async () => {
    source.answer = says('DELIVERED');
    await ask();
    await pass(DAY);
    expect(await ask()).toBe(`DELIVERED ${DAY}`);
    expect(source.reads).toHaveLength(1);
    await pass(1);
    expect(await ask()).toBe('DELIVERED 0');
    expect(source.reads).toHaveLength(2);
  });
});

describe('a Smart Invite', () => {
  const endsAt = () => new Date(Date.now() + 30 * SECOND).toISOString();

  test('whose event has ended is read once more, and only then final', async () => {
    const end = endsAt();
    source.answer = () => invite('pending', { endsAt: end });
    await ask(board);
    source.answer = () => invite('accepted', { endsAt: end });
    await passUnread(source, 31 * SECOND);
    expect(await ask(board)).toBe('pending 31000');
    await pass(DAY);
    expect(await ask(board)).toBe(`accepted ${DAY}`);
    expect(source.reads).toHaveLength(2);
  });

  test('that has become final is published, though nothing else has changed', async () => {
    const seen: boolean[] = [];
    const { snapshots } = snapshotsOf(source, { onChange: (_, snapshot) => void seen.push(snapshot.isFinal) });
    const end = endsAt();
    source.answer = () => invite('pending', { endsAt: end });
    for (const waitMs of [0, 29 * SECOND, SECOND]) {
      await pass(waitMs);
      await snapshots.readSoon(board);
    }
    expect(source.reads).toHaveLength(3);
    expect(seen).toEqual([false, true]);
  });
});

describe('an answer up to a minute old', () => {
  test('is given at once, and refreshed in the background', async () => {
    await ask();
    await pass(60 * SECOND);
    source.answer = later(500, says('CREATED'));
    expect(await ask()).toBe('SENT 60000');
    await pass(500);
    expect(await ask()).toBe('CREATED 0');
    expect(source.reads.map(({ payment }) => payment)).toEqual(['caller', 'prepaid']);
  });

  test('is refreshed once for one call of the quota, for any number of callers', async () => {
    await ask();
    await pass(20 * SECOND);
    source.answer = later(500, says('CREATED'));
    const { remaining } = source.quota.status();
    const given = await Promise.all(Array.from({ length: 500 }, () => ask()));
    expect(new Set(given)).toEqual(new Set(['SENT 20000']));
    await pass(1_000);
    expect(source.reads).toHaveLength(2);
    expect(remaining - source.quota.status().remaining).toBe(1);
  });

  test.each(PASSING)('is marked as stale once the provider %s, until it is read again', async (_, error) => {
    await ask();
    await pass(20 * SECOND);
    source.answer = failsWith(error);
    expect(await ask()).toBe('SENT 20000');
    await pass(1);
    expect(await ask()).toBe('SENT 20001 stale');
    source.answer = says('CREATED');
    await pass(2 * SECOND);
    expect(await ask()).toMatch(/^CREATED \d+$/);
  });

  test('is refreshed when the quota has a call for background work', async () => {
    source = createFakeSource([{ limit: 2, windowMs: 30 * SECOND }]);
    ask = snapshotsOf(source).ask;
    await ask();
    await pass(20 * SECOND);
    expect(await ask()).toBe('SENT 20000');
    await pass(10 * SECOND - 1);
    expect(source.reads).toHaveLength(1);
    await pass(1);
    expect(source.reads).toHaveLength(2);
  });
});

describe('an older answer', () => {
  const OLD = 60 * SECOND + 1;

  test('is replaced by a new one that arrives within a second', async () => {
    await ask();
    await pass(OLD);
    source.answer = later(999, says('CREATED'));
    const asked = ask();
    await pass(999);
    expect(await asked).toBe('CREATED 0');
  });

  test('is refreshed once for one call of the quota, for any number of concurrent callers', async () => {
    await ask();
    await pass(OLD);
    source.answer = later(500, says('CREATED'));
    const asked = Promise.all(Array.from({ length: 500 }, () => ask()));
    await pass(500);
    expect(new Set(await asked)).toEqual(new Set(['CREATED 0']));
    expect(source.reads).toHaveLength(2);
    expect(source.quota.status().remaining).toBe(999);
  });

  test('is given after a second where the new one takes longer, which is then kept', async () => {
    await ask();
    await pass(OLD);
    source.answer = later(3 * SECOND, says('CREATED'));
    const asked = ask();
    await pass(1 * SECOND);
    expect(await asked).toBe(`SENT ${OLD + SECOND} stale`);
    await pass(2 * SECOND);
    expect(await ask()).toBe('CREATED 0');
    expect(source.reads).toHaveLength(2);
  });

  test('is given at once where the quota allows no call now', async () => {
    await ask();
    await pass(OLD);
    source.quota.close(10 * SECOND);
    expect(await ask()).toBe(`SENT ${OLD} stale`);
    expect(source.reads).toHaveLength(1);
    await pass(10 * SECOND);
    expect(source.reads).toHaveLength(2);
  });

  test.each(['OPEN', 'HALF_OPEN'] as const)('is given at once while the breaker is %s', async (circuit) => {
    await ask();
    await pass(OLD);
    source.circuit = circuit;
    // It is not waited for: the time stands still.
    source.answer = later(500, says('CREATED'));
    expect(await ask()).toBe(`SENT ${OLD} stale`);
    // One that the breaker may let through is read behind, as a probe.
    expect(source.reads.map(({ payment }) => payment)).toEqual(['caller', 'background']);
  });

  test.each(PASSING)('is given where the provider %s, up to ten minutes old', async (_, error) => {
    await ask();
    source.answer = failsWith(error);
    await pass(OLD);
    expect(await ask()).toBe(`SENT ${OLD} stale`);
    await pass(600 * SECOND - OLD);
    expect(await ask()).toBe('SENT 600000 stale');
    await pass(1);
    expect(await ask()).toBe('code' in error ? error.code : '');
  });

  test.each([new ProviderUnauthorized('PARTOO'), new ProviderBadResponse('PARTOO')])(
    'is not given in place of a refusal or an invalid answer: %s',
    async (error) => {
      await ask();
      source.answer = failsWith(error);
      await pass(OLD);
      expect(await ask()).toBe(error.code);
      expect(await ask(refTo('one'), { maxAgeMs: 0 })).toBe(error.code);
      expect(source.reads).toHaveLength(3);
      source.answer = says('CREATED');
      expect(await ask()).toBe('CREATED 0');
    },
  );

  test('is not given in place of "not found"', async () => {
    await ask();
    source.answer = () => null;
    await pass(OLD);
    expect(await ask()).toBeNull();
    source.answer = failsWith(new ProviderUnavailable('PARTOO'));
    await pass(6 * SECOND);
    expect(await ask()).toBe('PROVIDER_UNAVAILABLE');
  });
});

test('refused credentials of a background read are told to the next caller, and not hidden by the old answer', async () => {
  await ask();
  await pass(20 * SECOND);
  source.answer = failsWith(new ProviderUnauthorized('PARTOO'));
  expect(await ask()).toBe('SENT 20000');
  await pass(1);
  expect(await ask()).toBe('PROVIDER_UNAUTHORIZED');
});

describe('an unknown invitation', () => {
  test('makes the caller wait', async () => {
    source.answer = later(7 * SECOND, says('SENT'));
    const asked = ask();
    await pass(7 * SECOND);
    expect(await asked).toBe('SENT 0');
  });

  test.each([...PASSING, ['refuses us', new ProviderUnauthorized('PARTOO')] as [string, Error]])(
    'gives an error where the provider %s, and the next caller causes another read',
    async (_, error) => {
      source.answer = failsWith(error);
      expect(await ask()).toBe('code' in error ? error.code : '');
      source.answer = says('SENT');
      // Where the quota was used up, a background read is under way by now.
      await pass(0);
      expect(await ask()).toBe('SENT 0');
    },
  );

  test('gives null for five seconds where the provider does not have it', async () => {
    source.answer = () => null;
    expect(await ask()).toBeNull();
    source.answer = says('SENT');
    await pass(5 * SECOND);
    expect(await ask()).toBeNull();
    expect(source.reads).toHaveLength(1);
    await pass(1);
    expect(await ask()).toBe('SENT 0');
  });
});

test('a reader that throws before it returns a promise fails its read like any other error', async () => {
  let isBroken = true;
  const { read } = source.reader;
  const fragile = snapshotsOf({
    ...source,
    reader: {
      ...source.reader,
      read(...args) {
        if (isBroken) throw new ProviderUnauthorized('PARTOO');
        return read(...args);
      },
    },
  });
  // A read that threw would take along whatever else is asked for in the same turn.
  const reading = fragile.snapshots.read(refTo('one'), {
    withExtras: false,
    maxAgeMs: null,
    caller: new Cancellation(),
    callerId: 'caller',
  });
  await expect(reading).rejects.toThrow(ProviderUnauthorized);
  isBroken = false;
  expect(await fragile.ask(refTo('one'))).toBe('SENT 0');
});
