// Operations are counted in batches: all that were answered within ten milliseconds, or until somebody reads what is counted.
// Counting is slower between other code than many times in a row: `npm run bench` has what it costs.

import type { OperationRecord } from '../server/operation-record.ts';
import type { TelemetryListener } from './telemetry.ts';

export interface OperationBatches {
  /** As the listener that is told in batches; a first event that fails may be told before its operation. */
  readonly listener: TelemetryListener;
  /** Tells now of what was answered until now: called before what is counted is read. */
  settle(): void;
}

const BATCH_MS = 10;

export function inBatches(listener: TelemetryListener): OperationBatches {
  const { answered } = listener;
  let batch: OperationRecord[] = [];
  let timer: NodeJS.Timeout | undefined;

  function settle(): void {
    clearTimeout(timer);
    const operations = batch;
    batch = [];
    for (const operation of operations) answered?.(operation);
  }

  function add(operation: OperationRecord): void {
    if (batch.push(operation) === 1) timer = setTimeout(settle, BATCH_MS).unref();
  }

  return { listener: answered === undefined ? listener : { ...listener, answered: add }, settle };
}
