// Operations are counted in batches: all that were answered in one turn of the event loop, when it is over. Counting is
// slower between other code than many times in a row: `npm run bench` has what it costs.

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
