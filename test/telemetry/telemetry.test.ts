// Everybody who listens, as one.

import { expect, test, vi } from 'vitest';
import { telemetryOf } from '../../src/telemetry/telemetry.ts';

test('what nobody listens to is undefined, so that nothing is noted for it', () => {
  for (const listener of Object.values(telemetryOf([]))) expect(listener).toBeUndefined();
  const { event, skipped } = telemetryOf([{ event: () => {} }]);
  expect([typeof event, typeof skipped]).toEqual(['function', 'undefined']);
});

test('one listener is called as it is, and several are all called with the same', () => {
  const [first, second] = [vi.fn(), vi.fn()];
  expect(telemetryOf([{ refused: first }, {}]).refused).toBe(first);
  telemetryOf([{ refused: first }, { refused: second }]).refused?.('expired');
  for (const each of [first, second]) expect(each.mock.calls).toEqual([['expired']]);
});
