// What is collected comes in slices, and the process goes on with its callers between two of them.

import { expect, test } from 'vitest';
import { exposition } from '../../../src/telemetry/metrics/exposition.ts';
import { gaugesOf } from '../../../src/telemetry/metrics/gauges.ts';
import { promtool } from './collected.ts';
import { tenantsState } from './tenants-state.ts';

const TENANTS = 1_000;

test('no more than 250 lines are made, and 126 tenants looked at, before others have their turn', async () => {
  const { state, takeLooks } = tenantsState(TENANTS);
  const slices: string[] = [];
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    expect(takeLooks()).toBeLessThanOrEqual(126);
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  for await (const slice of exposition(gaugesOf(state, '1.0.0'), [])) {
    slices.push(slice);
    expect(slice.split('\n').length - 1).toBeLessThanOrEqual(250);
  }
  isOver = true;
  const text = slices.join('');
  expect(text.split('\n').length).toBeGreaterThan(TENANTS * 2 * 5);
  expect(turns).toBeGreaterThanOrEqual(slices.length - 1);
  expect(text).toContain('\ngateway_quota_used{tenant="tenant-999",provider="PARTOO"} 100\n');
  expect(text).toContain(`\ngateway_tenants ${TENANTS}\n`);
  expect(text).toContain('\ngateway_reads_wanted{tenant="tenant-0",provider="CRONOFY"} 9\n');
  expect(text).toContain('\ngateway_reads_longest_wait_seconds{tenant="tenant-0",provider="CRONOFY"} 4\n');
  expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, text: '' });
});

test('the lines about the process come one metric after the other', async () => {
  let running = 0;
  function* metrics() {
    for (const name of ['a', 'b', 'c']) {
      running += 1;
      expect(running).toBe(1);
      yield Promise.resolve(name).finally(() => {
        running -= 1;
      });
    }
  }
  const slices: string[] = [];
  for await (const slice of exposition([], metrics())) slices.push(slice);
  expect(slices).toEqual(['', 'a\n', 'b\n', 'c\n']);
});
