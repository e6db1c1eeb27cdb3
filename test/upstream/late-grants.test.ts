// A grant of Redis that comes late, because the process that asked for it stood still: by the clock of the machine, which is
// that of Redis.

import { describe, expect, test } from 'vitest';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { take, useProcesses } from './two-processes.ts';

const { server, startProcesses } = useProcesses();

describe('calls that Redis grants while their process stands still count from when it goes on', () => {
  const payment = { how: 'caller', caller: 'late' } as const;

  /**
   * Stands still once the commands have been sent.
   * @returns when it goes on, by the clock of the machine.
   */
  async function standStill(): Promise<number> {
    for (let n = 0; n < 10; n++) await Promise.resolve();
    const until = Date.now() + 300;
    while (Date.now() < until) {}
    return Date.now();
  }

  /** When Redis counts the account's calls from, by the same clock. */
  async function countedAt(accountId: string): Promise<number[]> {
    const found = (await server().command('ZRANGE', `gateway:{${accountId}}:calls`, 0, -1, 'WITHSCORES')) as string[];
    return found.filter((_, n) => n % 2 === 1).map(Number);
  }

  test('for a caller', async () => {
    const { a, b } = await startProcesses('10/60s', 2, 'still');
    await take(b);
    const taking = a.take(payment, 0, new Cancellation());
    const goesOnAt = await standStill();
    await taking;
    const [, at, ...others] = await countedAt('still');
    expect(at).toBeGreaterThanOrEqual(goesOnAt);
    expect(others).toEqual([]);
  });

  test('for a caller that is granted two at once', async () => {
    const { a } = await startProcesses('10/60s', 2, 'still-twice');
    // While Redis is asked for the first one, the others come.
    const [first, ...others] = [1, 2, 3].map(() => a.take(payment, 0, new Cancellation()));
    await first;
    const goesOnAt = await standStill();
    await Promise.all(others);
    const times = await countedAt('still-twice');
    expect(times).toHaveLength(3);
    expect(Math.min(...times.slice(1))).toBeGreaterThanOrEqual(goesOnAt);
  });

  test('in the background', async () => {
    const { a, b } = await startProcesses('10/60s', 2, 'still-spare');
    await take(b);
    const taking = a.takeSpare(BACKGROUND);
    const goesOnAt = await standStill();
    expect(await taking).toBe(0);
    const [, at, ...others] = await countedAt('still-spare');
    expect(at).toBeGreaterThanOrEqual(goesOnAt);
    expect(others).toEqual([]);
  });
});
