// Operations are counted in batches: all that were answered in one turn of the event loop, when it is over. Counting one takes
// little, but between the code of others it takes ten times as much as in a row (`npm run bench` has the ratio).

import type { OperationRecord } from '../server/operation-record.ts';
import type { TelemetryListener } from './telemetry.ts';

/** The same listener, but told of answered operations in batches; a first event that fails may be told before. */
export function inBatches(listener: TelemetryListener): TelemetryListener {
  const { answered } = listener;
  if (answered === undefined) return listener;
  let batch: OperationRecord[] = [];

  function tell(): void {
    const operations = batch;
    batch = [];
    for (const operation of operations) answered?.(operation);
  }

  return {
    ...listener,
    answered(operation) {
      if (batch.push(operation) === 1) setImmediate(tell);
    },
  };
}
