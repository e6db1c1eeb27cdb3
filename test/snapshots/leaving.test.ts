// Callers that wait for the next read and leave: what becomes of it, and of those that stay.

import { describe, expect, test } from 'vitest';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { useScript } from './scripted.ts';
import { pass } from './source.ts';

const { world, times, ask } = useScript();

describe('among callers that wait for the next read', () => {
  test('a caller that leaves cancels no other caller’s read', async () => {
    world().script = [
      [500, 'SENT'],
      [500, 'DELIVERED'],
    ];
    const first = ask();
    const callers = Array.from({ length: 3 }, () => new Cancellation());
    await pass(200);
    const waiting = callers.map((caller) => ask(0, caller));
    callers[0]?.cancel(new CallerGone());
    await pass(400);
    callers[1]?.cancel(new CallerGone());
    await pass(400);
    expect(await first).toBe('SENT 0');
    expect(await waiting[2]).toBe('DELIVERED 0');
    expect(world().source.reads.map(({ cancellation }) => cancellation.reason)).toEqual([undefined, undefined]);
  });

  test('the next read never begins if all leave, and the current one continues', async () => {
    world().script = [
      [500, 'SENT'],
      [0, 'DELIVERED'],
    ];
    const first = ask();
    const callers = [new Cancellation(), new Cancellation()];
    await pass(200);
    const left = callers.map((caller) => ask(0, caller));
    for (const caller of callers) caller.cancel(new CallerGone());
    expect(await Promise.all(left)).toEqual(['CallerGone', 'CallerGone']);
    await pass(2_000);
    expect(await first).toBe('SENT 0');
    expect(world().source.reads).toHaveLength(1);
  });

  test('the next read is cancelled if all leave after it has begun, and the next caller begins another', async () => {
    world().script = [
      [500, 'SENT'],
      [5_000, 'DELIVERED'],
      [0, 'DELIVERED'],
    ];
    const first = ask();
    const caller = new Cancellation();
    await pass(200);
    const left = ask(0, caller);
    await pass(400);
    caller.cancel(new CallerGone());
    expect([await first, await left]).toEqual(['SENT 0', 'CallerGone']);
    expect(world().source.reads[1]?.cancellation.reason).toBeInstanceOf(CallerGone);
    expect(await ask(0)).toBe('DELIVERED 0');
    expect(times()).toEqual([0, 500, 600]);
  });

  test('no caller waits for a read that all its own callers have left', async () => {
    world().script = [
      [5_000, 'SENT'],
      [0, 'DELIVERED'],
    ];
    const caller = new Cancellation();
    const left = ask(undefined, caller);
    await pass(200);
    const next = ask(0);
    caller.cancel(new CallerGone());
    await pass(0);
    expect([await left, await next]).toEqual(['CallerGone', 'DELIVERED 0']);
    expect(times()).toEqual([0, 200]);
  });

  test('no caller waits for a next read that all its own callers have left', async () => {
    world().script = [
      [500, 'SENT'],
      [5_000, 'SENT'],
      [0, 'DELIVERED'],
    ];
    const first = ask();
    const caller = new Cancellation();
    await pass(200);
    const left = ask(0, caller);
    await pass(400);
    const next = ask(0);
    await pass(100);
    caller.cancel(new CallerGone());
    await pass(0);
    expect(await Promise.all([first, left, next])).toEqual(['SENT 0', 'CallerGone', 'DELIVERED 0']);
    expect(times()).toEqual([0, 500, 700]);
  });
});
