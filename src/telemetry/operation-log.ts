// One line an operation: at `info` where it was slow or failed by our fault, at `debug` for all others. Its members are of
// this list alone, and README has them: nothing of a person, of an invitation or of variables is among them. Like lines are
// bounded: while a provider is slow, every operation may be.

import type { Refusal } from '../access/refusal.ts';
import type { OperationRecord } from '../server/operation-record.ts';
import { LineLimit } from './line-limit.ts';
import type { Logger } from './log.ts';
import type { TelemetryListener } from './telemetry.ts';
import { digestOfViewer } from './viewer-digest.ts';

export interface OperationLine {
  /** What the answer names in X-Request-Id. */
  readonly requestId: string;
  readonly traceId?: string;
  readonly tenant?: string;
  /** A digest, with a key of this process. */
  readonly viewer: string;
  /** The beginning of the SHA-256 of its text. */
  readonly document?: string;
  readonly type?: string;
  readonly transport: string;
  readonly outcome: string;
  /** Of its first error. */
  readonly code?: string;
  readonly ms: number;
  /** Invitations that were asked for. */
  readonly refs: number;
  /** How many of them were read at a provider for this operation. */
  readonly calls: number;
  /** How many like it the line stands for, where that is not itself alone. */
  readonly count?: number;
}

export const OPERATION = 'an operation was answered';
export const EVENT = 'an event of a stream has failed';
export const REFUSED = 'callers were not admitted';

/** What is known of the stream that an event belongs to. */
type EventLine = Omit<OperationLine, 'outcome' | 'ms' | 'refs' | 'calls'>;

interface FailedEvent {
  readonly record: OperationRecord;
  readonly code: string;
}

/** What an operator has to mend. */
const OUR_FAULTS: ReadonlySet<string> = new Set(['INTERNAL_SERVER_ERROR', 'PROVIDER_UNAUTHORIZED']);

/** Of what is refused, what an operator has to mend. */
const OUR_REFUSALS: ReadonlySet<Refusal['reason']> = new Set(['unavailable'] as const);

/** @param slowMs From when on an operation is slow. */
export function createOperationLog(log: Logger, slowMs: number): TelemetryListener {
  const slow = new LineLimit<OperationRecord>((record, count) => log.info(lineOf(record, count), OPERATION));
  const failed = new LineLimit<OperationRecord>((record, count) => log.info(lineOf(record, count), OPERATION));
  const refused = new LineLimit<OperationRecord>((record, count) => log.debug(lineOf(record, count), OPERATION));
  const events = new LineLimit<FailedEvent>(({ record, code }, count) =>
    log[OUR_FAULTS.has(code) ? 'info' : 'debug'](lineOfEvent(record, code, count), EVENT),
  );
  const turnedAway = new LineLimit<Refusal['reason']>((reason, count) =>
    log[OUR_REFUSALS.has(reason) ? 'info' : 'debug']({ reason, count }, REFUSED),
  );
  return {
    answered(record) {
      const fault = record.codes.find((code) => OUR_FAULTS.has(code));
      if (fault !== undefined) failed.offer(fault, record);
      else if (record.endedAt - record.startedAt >= slowMs) slow.offer(record.outcome, record);
      else if (!log.isLevelEnabled('debug')) return;
      else if (record.outcome === 'refused') refused.offer(record.codes[0] ?? '', record);
      else log.debug(lineOf(record, 1), OPERATION);
    },
    eventFailed(record, problems) {
      const { code } = problems.find((each) => OUR_FAULTS.has(each.code)) ?? problems[0] ?? {};
      if (code !== undefined) events.offer(code, { record, code });
    },
    refused: (reason) => turnedAway.offer(reason, reason),
  };
}

function lineOf(record: OperationRecord, count: number): OperationLine {
  const { outcome, codes, startedAt, endedAt, calls } = record;
  const [code] = codes;
  return {
    ...subjectOf(record),
    outcome,
    ...(code === undefined ? {} : { code }),
    ms: Math.round((endedAt - startedAt) * 10) / 10,
    refs: record.refs.reduce((sum, { count }) => sum + count, 0),
    calls,
    ...(count === 1 ? {} : { count }),
  };
}

function lineOfEvent(record: OperationRecord, code: string, count: number): EventLine {
  return { ...subjectOf(record), code, ...(count === 1 ? {} : { count }) };
}

/** Whose it is, and what was asked for. */
function subjectOf({ requestId, traceId, viewer, operation, transport }: OperationRecord) {
  return {
    requestId,
    ...(traceId === undefined ? {} : { traceId }),
    ...(viewer.tenant === null ? {} : { tenant: viewer.tenant.name }),
    viewer: digestOfViewer(viewer.id),
    ...(operation === undefined ? {} : { document: operation.digest, type: operation.type }),
    transport,
  };
}
