// Operations are counted in batches: all that were answered in one turn of the event loop, when it is over. What counts is
// short. Run between others' code it took 5 to 10 % of an operation that the store answers, run by itself none that is measurable.

import type { OperationRecord } from '../server/operation-record.ts';
import type { TelemetryListener } from './telemetry.ts';

/** The same listener, but told of answered operations in batches. */
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
