// Operations are counted in batches: what was answered within ten milliseconds, 64 at most, or until somebody reads what is
// counted. A batch is small, so that V8's collections of young objects find few records that wait.
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
const MAX_BATCH = 64;

export function inBatches(listener: TelemetryListener): OperationBatches {
  const { answered } = listener;
  let batch: OperationRecord[] = [];
  let isTimed = false;

  function settle(): void {
    const operations = batch;
    batch = [];
    for (const operation of operations) answered?.(operation);
  }

  function settleInTime(): void {
    isTimed = false;
    settle();
  }

  function add(operation: OperationRecord): void {
    if (batch.push(operation) >= MAX_BATCH) settle();
    if (!isTimed) setTimeout(settleInTime, BATCH_MS).unref();
    isTimed = true;
  }

  return { listener: answered === undefined ? listener : { ...listener, answered: add }, settle };
}
