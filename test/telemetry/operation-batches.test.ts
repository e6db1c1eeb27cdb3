// Operations are counted in batches.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openViewer } from '../../src/access/viewer.ts';
import { OperationRecord } from '../../src/server/operation-record.ts';
import { inBatches } from '../../src/telemetry/operation-batches.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const recordOf = (requestId: string) => new OperationRecord('post', openViewer('192.0.2.1'), requestId, {});

/** What is told, and the batches. */
function collected(onTold?: (requestId: string) => void) {
  const told: string[] = [];
  const batches = inBatches({
    answered({ requestId }) {
      told.push(requestId);
      onTold?.(requestId);
    },
  });
  return { told, batches };
}

test('operations are told within ten milliseconds, each once and in their order', () => {
  const { told, batches } = collected();
  for (const id of ['one', 'two']) batches.listener.answered?.(recordOf(id));
  vi.advanceTimersByTime(9);
  batches.listener.answered?.(recordOf('three'));
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['one', 'two', 'three']);
  batches.listener.answered?.(recordOf('four'));
  vi.advanceTimersByTime(10);
  expect(told).toEqual(['one', 'two', 'three', 'four']);
});

test('the 64th that waits ends the batch', () => {
  const { told, batches } = collected();
  const ids = Array.from({ length: 65 }, (_, n) => `id-${n}`);
  for (const id of ids) batches.listener.answered?.(recordOf(id));
  expect(told).toEqual(ids.slice(0, 64));
  vi.advanceTimersByTime(4);
  batches.listener.answered?.(recordOf('later'));
  vi.advanceTimersByTime(6);
  expect(told).toEqual([...ids, 'later']);
  batches.listener.answered?.(recordOf('last'));
  vi.advanceTimersByTime(10);
  expect(told.at(-1)).toBe('last');
});

test('they are told at once, and not again, where somebody reads what is counted', () => {
  const { told, batches } = collected();
  batches.listener.answered?.(recordOf('one'));
  batches.settle();
  expect(told).toEqual(['one']);
  vi.advanceTimersByTime(10);
  expect(told).toEqual(['one']);
  batches.listener.answered?.(recordOf('two'));
  vi.advanceTimersByTime(10);
  expect(told).toEqual(['one', 'two']);
});

test('an operation that is answered while others are told is told in the next batch', () => {
  const { told, batches } = collected((id) => {
    if (id === 'one') batches.listener.answered?.(recordOf('two'));
  });
  batches.listener.answered?.(recordOf('one'));
  vi.advanceTimersByTime(10);
  expect(told).toEqual(['one']);
  vi.advanceTimersByTime(10);
  expect(told).toEqual(['one', 'two']);
});

test('what is no operation is told at once', () => {
  const limited = vi.fn();
  inBatches({ answered: () => undefined, limited }).listener.limited?.('bytes');
  expect(limited).toHaveBeenCalledExactlyOnceWith('bytes');
});

test('nothing is kept where nobody counts operations', () => {
  expect(inBatches({}).listener.answered).toBeUndefined();
});
