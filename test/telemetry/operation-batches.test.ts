// Operations are counted in batches.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { openViewer } from '../../src/access/viewer.ts';
import { OperationRecord } from '../../src/server/operation-record.ts';
import { inBatches } from '../../src/telemetry/operation-batches.ts';

const recordOf = (requestId: string) => new OperationRecord('post', openViewer('192.0.2.1'), requestId, {});

test('operations of one turn are told when it is over, each once and in their order', async () => {
  const told: string[] = [];
  const { answered } = inBatches({ answered: ({ requestId }) => told.push(requestId) });
  for (const id of ['one', 'two', 'three']) answered?.(recordOf(id));
  expect(told).toEqual([]);
  await nextTurn();
  expect(told).toEqual(['one', 'two', 'three']);
  answered?.(recordOf('four'));
  await nextTurn();
  expect(told).toEqual(['one', 'two', 'three', 'four']);
});

test('an operation that is answered while others are told is told in the next turn', async () => {
  const told: string[] = [];
  const { answered } = inBatches({
    answered({ requestId }) {
      told.push(requestId);
      if (requestId === 'one') answered?.(recordOf('two'));
    },
  });
  answered?.(recordOf('one'));
  await nextTurn();
  await nextTurn();
  expect(told).toEqual(['one', 'two']);
});

test('what is no operation is told at once', () => {
  const limited = vi.fn();
  inBatches({ answered: () => undefined, limited }).limited?.('bytes');
  expect(limited).toHaveBeenCalledExactlyOnceWith('bytes');
});

test('nothing is kept where nobody counts operations', () => {
  expect(inBatches({}).answered).toBeUndefined();
});
