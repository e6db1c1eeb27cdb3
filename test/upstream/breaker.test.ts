// When an account's breaker opens and closes, and what load a failing provider is spared, on a clock that the test sets.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ProviderBadResponse,
  ProviderRateLimited,
  ProviderRejected,
  ProviderThrottled,
  ProviderTimeout,
  ProviderUnauthorized,
  ProviderUnavailable,
} from '../../src/invitation/problem.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { createAsyncPolicy } from './attempted.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const down = () => new ProviderUnavailable('PARTOO');

/** A policy, and a provider that answers each attempt with what `next` gives: an error, or nothing for a good answer. */
function newAccount() {
  const policy = createAsyncPolicy({ maxInFlight: 32, maxWaiting: 168, totalTimeoutMs: 8_000 });
  const account = {
    policy,
    attempts: 0,
    next: (): Error | undefined => undefined,
    /** What the call comes to, once it is over. */
    async call(caller = new Cancellation()): Promise<string> {
      const attempt = async () => {
        account.attempts += 1;
        const error = account.next();
        if (error !== undefined) throw error;
        return 'answered';
      };
      const result = policy.run(attempt, caller).catch((error) => error.code ?? error.name);
      await pass(400);
      return result;
    },
    /** One call a letter: f fails, s succeeds. A retry gets no quota, which counts as neither. */
    async suffer(letters: string): Promise<void> {
      for (const letter of letters) {
        const errors = letter === 'f' ? [down(), new ProviderRateLimited('PARTOO', 1)] : [];
        account.next = () => errors.shift();
        await account.call();
      }
      account.next = () => undefined;
    },
    async open(): Promise<void> {
      await account.suffer('ffffffffff');
      expect(policy.circuit()).toBe('OPEN');
      account.attempts = 0;
    },
  };
  return account;
}

describe('a breaker', () => {
  test.each(['fffffffff', 'sfsfsfsfs', 'sssssffff', 'ssssssffff', 'sfssfssfssfssfssfssf', 'fssfssffsssssff'])(
    'stays closed after %s',
    async (letters) => {
      const account = newAccount();
      await account.suffer(letters);
      expect(account.policy.circuit()).toBe('CLOSED');
    },
  );

  test.each(['ffffffffff', 'sfsfsfsfsf', 'sssssfffff', 'ssssssssssffffffffff'])('opens after %s', async (letters) => {
    const account = newAccount();
    await account.suffer(letters.slice(0, -1));
    expect(account.policy.circuit()).toBe('CLOSED');
    await account.suffer('f');
    expect(account.policy.circuit()).toBe('OPEN');
  });

  test('stays closed where most answers cannot be decoded: they are answers', async () => {
    const account = newAccount();
    for (let n = 0; n < 40; n++) {
      account.next = () => new ProviderBadResponse('PARTOO');
      await account.call();
      if (n % 4 === 0) await account.suffer('f');
    }
    expect(account.policy.circuit()).toBe('CLOSED');
  });

  test('opens for timeouts too', async () => {
    const account = newAccount();
    account.next = () => new ProviderTimeout('PARTOO');
    while (account.attempts < 10) await account.call();
    expect(account.policy.circuit()).toBe('OPEN');
  });

  test('counts only the last twenty seconds', async () => {
    const account = newAccount();
    await account.suffer('fffffffff');
    await pass(60_000);
    await account.suffer('f');
    expect(account.policy.circuit()).toBe('CLOSED');
  });

  test('drops calls after twenty seconds, also where calls are rare', async () => {
    const account = newAccount();
    for (let n = 0; n < 20; n++) {
      await account.suffer('f');
      await pass(5_000);
    }
    expect(account.policy.circuit()).toBe('CLOSED');
  });

  test('that is open refuses at once, without a call', async () => {
    const account = newAccount();
    await account.open();
    const before = performance.now();
    await expect(account.policy.run(async () => 'called', new Cancellation())).rejects.toBeInstanceOf(
      ProviderUnavailable,
    );
    expect(performance.now()).toBe(before);
    expect(await Promise.all([1, 2, 3].map(() => account.call()))).toEqual(Array(3).fill('PROVIDER_UNAVAILABLE'));
    expect(account.attempts).toBe(0);
  });

  test('probes after five seconds, then every nine, with one attempt each', async () => {
    const account = newAccount();
    await account.open();
    account.next = down;
    const openedAt = performance.now();
    const probes: number[] = [];
    while (performance.now() - openedAt < 60_000) {
      const before = account.attempts;
      await account.call();
      if (account.attempts > before) probes.push(Math.round((performance.now() - openedAt) / 1_000));
    }
    expect(account.attempts).toBe(probes.length);
    const gaps = probes.map((at, n) => at - (probes[n - 1] ?? 0));
    expect(gaps[0]).toBeGreaterThanOrEqual(4);
    expect(gaps[0]).toBeLessThanOrEqual(6);
    for (const gap of gaps.slice(1)) expect([9, 10]).toContain(gap);
  });

  test('probes again nine seconds after a probe began, however long that one took to fail', async () => {
    const { policy, ...account } = newAccount();
    await account.open();
    await pass(5_000);
    const hanging = policy.run(async () => {
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      throw new ProviderTimeout('PARTOO');
    }, new Cancellation());
    hanging.catch(() => undefined);
    await pass(8_900);
    expect(policy.circuit()).toBe('OPEN');
    await expect(policy.run(async () => 'early', new Cancellation())).rejects.toBeInstanceOf(ProviderUnavailable);
    await pass(100);
    expect(await policy.run(async () => 'probed', new Cancellation())).toBe('probed');
  });

  test('lets one probe through, refuses all other calls at once, and closes when the probe succeeds', async () => {
    const { policy, ...account } = newAccount();
    const changes: string[] = [];
    policy.onCircuit(() => void changes.push(policy.circuit()));
    await account.open();
    await pass(5_000);
    let answer = () => {};
    const probe = policy.run(
      () => new Promise<string>((resolve) => (answer = () => resolve('probed'))),
      new Cancellation(),
    );
    expect(policy.circuit()).toBe('HALF_OPEN');
    let calls = 0;
    const others = Array.from({ length: 20 }, () => policy.run(async () => ++calls, new Cancellation()));
    const told = await Promise.allSettled(others);
    expect(told.every((one) => one.status === 'rejected' && one.reason instanceof ProviderUnavailable)).toBe(true);
    expect([calls, policy.circuit()]).toEqual([0, 'HALF_OPEN']);
    answer();
    expect(await probe).toBe('probed');
    expect(policy.circuit()).toBe('CLOSED');
    expect(changes).toEqual(['OPEN', 'HALF_OPEN', 'CLOSED']);
    expect(await account.call()).toBe('answered');
  });

  test('that has closed starts to count from zero', async () => {
    const account = newAccount();
    await account.open();
    await pass(5_000);
    await account.suffer('sffff');
    expect(account.policy.circuit()).toBe('CLOSED');
  });

  test.each([
    ['whose caller has gone', new CallerGone()],
    ['for which there was no quota', new ProviderRateLimited('PARTOO', 1)],
    ['that was answered with a 429', new ProviderThrottled('PARTOO', 1)],
  ])('is not closed by a probe %s', async (_, error) => {
    const account = newAccount();
    await account.open();
    await pass(5_000);
    account.next = () => error;
    await account.call();
    expect(account.attempts).toBe(1);
    expect(account.policy.circuit()).toBe('OPEN');
    account.next = () => undefined;
    await pass(9_000);
    expect(await account.call()).toBe('answered');
    expect(account.policy.circuit()).toBe('CLOSED');
  });

  test.each([new ProviderRejected('PARTOO'), new ProviderUnauthorized('PARTOO')])(
    'is closed by a probe that the provider refused: %s',
    async (error) => {
      const account = newAccount();
      await account.open();
      await pass(5_000);
      account.next = () => error;
      expect(await account.call()).toBe(error.code);
      expect(account.policy.circuit()).toBe('CLOSED');
    },
  );

  test('does not count an attempt from before it opened as its probe', async () => {
    const account = newAccount();
    let fail = () => {};
    const old = account.policy
      .run(() => new Promise<never>((_, reject) => (fail = () => reject(down()))), new Cancellation())
      .catch((error) => error.code);
    for (let n = 0; n < 10; n++) {
      account.policy.run(() => Promise.reject(down()), new Cancellation()).catch(() => undefined);
    }
    await pass(0);
    expect(account.policy.circuit()).toBe('OPEN');
    await pass(5_000);
    let answer = () => {};
    const probe = account.policy.run(
      () => new Promise<string>((resolve) => (answer = () => resolve('probed'))),
      new Cancellation(),
    );
    fail();
    expect(await old).toBe('PROVIDER_UNAVAILABLE');
    expect(account.policy.circuit()).toBe('HALF_OPEN');
    answer();
    expect([await probe, account.policy.circuit()]).toEqual(['probed', 'CLOSED']);
  });

  test.each([new ProviderRejected('PARTOO'), new ProviderUnauthorized('PARTOO'), new ProviderBadResponse('PARTOO')])(
    'counts a refusal as an answer: %s',
    async (error) => {
      const account = newAccount();
      for (let n = 0; n < 11; n++) {
        account.next = () => error;
        await account.call();
      }
      await account.suffer('ffffffffff');
      expect(account.policy.circuit()).toBe('CLOSED');
    },
  );
});

describe('a minute of fifty calls a second', () => {
  async function minute(next: (n: number) => Error | undefined) {
    const account = newAccount();
    let opened = Number.POSITIVE_INFINITY;
    account.policy.onCircuit(() => {
      opened = Math.min(opened, account.attempts);
    });
    const retries = { most: 0 };
    for (let n = 1; n <= 3_000; n++) {
      account.policy
        .run(async () => {
          account.attempts += 1;
          const error = next(account.attempts);
          if (error !== undefined) throw error;
        }, new Cancellation())
        .catch(() => undefined);
      await pass(20);
      retries.most = Math.max(retries.most, account.attempts - 1.2 * n - n / 50);
    }
    return { account, opened, retries };
  }

  test('with only 503 costs the provider ten calls, then the probes', async () => {
    const { account, opened } = await minute(down);
    expect(opened).toBe(10);
    // Those under way as it opened, and a probe after 5, 14, 23, 32, 41, 50 and 59 seconds.
    expect(account.attempts).toBeLessThanOrEqual(10 + 7);
    expect(account.attempts).toBeGreaterThanOrEqual(10 + 6);
  });

  test('with two failures in five costs the provider a fifth more calls, and one a second', async () => {
    const { account, retries } = await minute((n) => (n % 5 < 2 ? down() : undefined));
    expect(account.policy.circuit()).toBe('CLOSED');
    // Ten are there from the start: one a second over ten seconds.
    expect(retries.most).toBeLessThanOrEqual(10);
    expect(account.attempts).toBeGreaterThan(1.15 * 3_000);
  });
});
