// Which read answers which question: none that began before the question allows, on a clock that the test sets.

import { describe, expect, test } from 'vitest';
import { one, useScript } from './scripted.ts';
import { pass, snapshotsOf } from './source.ts';

const { world, times, ask } = useScript();

describe('a caller with maxAgeMs 0 during a read', () => {
  test('gets the answer of a read that began after the question', async () => {
    world().script = [
      [500, 'SENT'],
      [100, 'DELIVERED'],
    ];
    const first = ask();
    await pass(200);
    const second = ask(0);
    await pass(400);
    expect(await first).toBe('SENT 0');
    expect(await second).toBe('DELIVERED 0');
    expect(times()).toEqual([0, 500]);
  });

  test('does not get the "not found" of that read', async () => {
    world().script = [
      [500, null],
      [0, 'CREATED'],
    ];
    const first = ask();
    await pass(200);
    const second = ask(0);
    await pass(300);
    expect([await first, await second]).toEqual([null, 'CREATED 0']);
  });

  test('shares the next read with all callers that come before it begins', async () => {
    world().script = [
      [500, 'CREATED'],
      [500, 'SENT'],
      [500, 'DELIVERED'],
    ];
    const first = ask();
    const late: Promise<string | null>[] = [];
    for (let n = 0; n < 40; n++) {
      await pass(10);
      late.push(ask(0));
    }
    await pass(100);
    expect(await first).toBe('CREATED 0');
    await pass(400);
    const tooLate = ask(0);
    await pass(100);
    expect(new Set(await Promise.all(late))).toEqual(new Set(['SENT 0']));
    await pass(500);
    expect(await tooLate).toBe('DELIVERED 0');
    expect(times()).toEqual([0, 500, 1_000]);
    expect(world().source.quota.status().remaining).toBe(997);
  });

  test('waits a second where that read hangs, then a newer read begins beside it', async () => {
    world().script = [
      [60_000, 'SENT'],
      [100, 'DELIVERED'],
      [0, 'DELIVERED'],
    ];
    const first = ask();
    await pass(2_000);
    const callers = [ask(0), ask(0)];
    await pass(999);
    expect(world().source.reads).toHaveLength(1);
    await pass(101);
    expect(await Promise.all(callers)).toEqual(['DELIVERED 0', 'DELIVERED 0']);
    expect(times()).toEqual([0, 3_000]);
    // The read that hung answers its own callers. It does not replace the newer answer, and another read follows.
    await pass(57_000);
    expect(await first).toBe('SENT 0');
    expect(world().all.snapshots.peek(one)).toMatchObject({ deliveryStatus: 'DELIVERED' });
    expect(times()).toEqual([0, 3_000, 60_000]);
  });

  test('shares the newer read with later callers, also after the read that hung has ended', async () => {
    world().script = [
      [3_000, null],
      [7_500, 'DELIVERED'],
    ];
    const first = ask();
    await pass(500);
    const newest = ask(0);
    await pass(2_500);
    expect(await first).toBeNull();
    // "Not found" is believed for five seconds.
    await pass(5_001);
    const later = ask();
    await pass(999);
    expect(await Promise.all([newest, later])).toEqual(['DELIVERED 0', 'DELIVERED 0']);
    expect(times()).toEqual([0, 1_500]);
  });

  test('gets the older answer as stale where no newer one is possible', async () => {
    world().script = [
      [500, 'SENT'],
      [0, 'DELIVERED'],
    ];
    const first = ask();
    await pass(200);
    const second = ask(0);
    world().source.quota.close(60_000);
    await pass(8_000);
    expect(await first).toMatch(/^SENT \d+$/);
    expect(await second).toMatch(/^SENT \d+ stale$/);
    expect(world().source.reads).toHaveLength(1);
  });

  test('gets the error where no newer read is possible and the older one found nothing', async () => {
    world().script = [
      [500, null],
      [0, 'DELIVERED'],
    ];
    const first = ask();
    await pass(200);
    const second = ask(0);
    world().source.quota.close(60_000);
    await pass(8_000);
    expect([await first, await second]).toEqual([null, 'PROVIDER_RATE_LIMITED']);
  });
});

describe('the maximum age of a caller', () => {
  test('says how long ago a read may have begun for the caller to join it', async () => {
    world().script = [
      [1_000, 'SENT'],
      [0, 'DELIVERED'],
    ];
    const first = ask();
    await pass(500);
    const content = ask(500);
    const strict = ask(499);
    await pass(500);
    expect([await first, await content, await strict]).toEqual(['SENT 0', 'SENT 0', 'DELIVERED 0']);
    expect(times()).toEqual([0, 1_000]);
  });

  test('does not delay a caller without one who joins the current read', async () => {
    world().script = [
      [500, 'SENT'],
      [5_000, 'DELIVERED'],
    ];
    const first = ask();
    await pass(200);
    const strict = ask(0);
    await pass(200);
    const any = ask();
    await pass(100);
    expect([await first, await any]).toEqual(['SENT 0', 'SENT 0']);
    await pass(5_000);
    expect(await strict).toBe('DELIVERED 0');
    expect(times()).toEqual([0, 500]);
  });

  test('is met by a read that began in the same tick', async () => {
    let moment = 0;
    // A clock that gives another time at every call, as one of high resolution does.
    world().all = snapshotsOf(world().source, { now: () => (moment += 0.001) });
    world().script = [[100, 'SENT']];
    const both = [ask(), ask(0), ask(5)];
    await pass(100);
    expect(await Promise.all(both)).toEqual(['SENT 0', 'SENT 0', 'SENT 0']);
    const later = ask(0);
    await pass(0);
    expect(await later).toBe('UNKNOWN 0');
    expect(world().source.reads).toHaveLength(2);
  });
});

describe('a read after a notification', () => {
  test('begins within a second beside a read that hangs', async () => {
    world().script = [
      [7_000, 'SENT'],
      [0, 'DELIVERED'],
    ];
    const first = ask();
    await pass(200);
    const soon = world().all.snapshots.readSoon(one);
    await pass(1_000);
    expect(await soon).toBe(true);
    expect(await ask()).toBe('DELIVERED 0');
    expect(times()).toEqual([0, 1_200]);
    await pass(5_800);
    await first;
  });

  test('begins when the current read has ended, and answers callers with maxAgeMs 0', async () => {
    world().script = [
      [500, 'SENT'],
      [100, 'DELIVERED'],
    ];
    const first = ask();
    await pass(200);
    const soon = world().all.snapshots.readSoon(one);
    const asked = ask(0);
    await pass(400);
    expect([await first, await soon, await asked]).toEqual(['SENT 0', true, 'DELIVERED 0']);
    expect(times()).toEqual([0, 500]);
  });
});
