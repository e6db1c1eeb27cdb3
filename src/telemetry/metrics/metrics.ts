// What is counted, and how it is named. Every label takes values of a closed list, but `tenant`, which stands on gauges alone
// and has those that are in use: no operation, document, path, id or address is a label.

import { REFUSAL_REASONS } from '../../access/refusal.ts';
import { kindOf } from '../../invitation/kinds.ts';
import { LIMITS, PROBLEM_CODES } from '../../invitation/problem-code.ts';
import type { ProviderName } from '../../invitation/provider.ts';
import { RECEIPTS } from '../../live/notifications.ts';
import { DOCUMENT_HOWS } from '../../operations/documents.ts';
import { COMMAND_OUTCOMES } from '../../redis/command-outcome.ts';
import {
  OPERATION_OUTCOMES,
  type OperationOutcome,
  type OperationRecord,
  TRANSPORTS,
  type Transport,
} from '../../server/operation-record.ts';
import { type Given, HOWS } from '../../snapshots/given.ts';
import { CALL_OUTCOMES, type CallRecord } from '../../upstream/call-record.ts';
import type { TelemetryListener } from '../telemetry.ts';
import type { Family } from './family.ts';
import { Counter, Histogram } from './series.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const REDIS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05];
const AGE_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 3_600, 86_400];

/** `none`: what was sent names no operation that could be run. */
const TYPES = ['query', 'subscription', 'none'] as const;
const CODES = [...PROBLEM_CODES, 'INTERNAL_SERVER_ERROR'] as const;
const FOUND = ['first', 'same', 'change'] as const;

export interface Metrics extends TelemetryListener {
  readonly families: readonly Family[];
}

/** @param providers Every provider there is. */
export function createMetrics(providers: readonly ProviderName[]): Metrics {
  const provider = ['provider', providers] as const;
  const operations = new Counter<[string, Transport, OperationOutcome]>(
    'gateway_operations_total',
    'Operations answered; a subscription when it begins.',
    [
      ['type', TYPES],
      ['transport', TRANSPORTS],
      ['outcome', OPERATION_OUTCOMES],
    ],
  );
  const operationSeconds = new Histogram<[string, OperationOutcome]>(
    'gateway_operation_duration_seconds',
    'From the parameters of an operation to its answer, or to the beginning of its stream.',
    SECONDS,
    [
      ['type', TYPES],
      ['outcome', OPERATION_OUTCOMES],
    ],
  );
  const errors = new Counter<[string]>(
    'gateway_errors_total',
    'Errors in answers and in events of streams, by their code.',
    [['code', CODES]],
  );
  const refused = new Counter('gateway_access_refused_total', 'Callers that were not admitted.', [
    ['reason', REFUSAL_REASONS],
  ]);
  const invitations = new Counter('gateway_invitations_total', 'How invitations that were asked for were answered.', [
    provider,
    ['how', HOWS],
  ]);
  const ages = new Histogram(
    'gateway_answer_age_seconds',
    'How long ago an invitation that is given, and may still change, was seen at its provider.',
    AGE_SECONDS,
    [provider],
  );
  const calls = new Counter('gateway_provider_calls_total', 'Calls to providers, with all their attempts as one.', [
    provider,
    ['outcome', CALL_OUTCOMES],
  ]);
  const attempts = new Counter('gateway_provider_attempts_total', 'Attempts at calls, also those that sent nothing.', [
    provider,
    ['outcome', CALL_OUTCOMES],
  ]);
  const callSeconds = new Histogram(
    'gateway_provider_call_duration_seconds',
    'Calls to providers, with all that they wait for.',
    SECONDS,
    [provider],
  );
  const quotaSeconds = new Histogram(
    'gateway_provider_quota_wait_seconds',
    'How long calls waited for quota.',
    SECONDS,
    [provider],
  );
  const connectionSeconds = new Histogram(
    'gateway_provider_connection_wait_seconds',
    'How long calls waited for a connection.',
    SECONDS,
    [provider],
  );
  const quotaRefused = new Counter('gateway_quota_refused_total', 'Calls that were not made, for want of quota.', [
    provider,
  ]);
  const reads = new Counter('gateway_reads_total', 'What reads of this process found.', [provider, ['found', FOUND]]);
  const events = new Counter('gateway_stream_events_total', 'States that streams were given.', []);
  const skipped = new Counter(
    'gateway_stream_skipped_total',
    'States that a newer one replaced before a stream had taken them.',
    [],
  );
  const notifications = new Counter<[string, string]>('gateway_notifications_total', 'Notifications of providers.', [
    provider,
    ['outcome', RECEIPTS],
  ]);
  const toldSeconds = new Histogram(
    'gateway_notification_delay_seconds',
    'From a notification to the last stream that it concerns.',
    SECONDS,
    [],
  );
  const commands = new Counter('gateway_redis_commands_total', 'Commands that Redis was sent.', [
    ['outcome', COMMAND_OUTCOMES],
  ]);
  const commandSeconds = new Histogram(
    'gateway_redis_command_duration_seconds',
    'Commands that Redis was sent, until they were answered or given up.',
    REDIS_SECONDS,
    [],
  );
  const documents = new Counter('gateway_documents_total', 'How the document of a request was found.', [
    ['how', DOCUMENT_HOWS],
  ]);
  const limited = new Counter('gateway_limited_total', 'Operations, or parts of them, that were beyond a limit.', [
    ['limit', LIMITS],
  ]);
  const spansLost = new Counter('gateway_spans_lost_total', 'Spans that the collector of traces did not take.', []);

  function answered({
    operation,
    documentHow,
    transport,
    outcome,
    codes,
    startedAt,
    endedAt,
    refs,
  }: OperationRecord): void {
    if (documentHow !== undefined) documents.add(1, documentHow);
    const type = operation?.type ?? 'none';
    operations.add(1, type, transport, outcome);
    operationSeconds.observe((endedAt - startedAt) / 1_000, type, outcome);
    for (const code of codes) errors.add(1, code);
    for (const each of refs) given(each);
  }

  function given({ provider: name, how, count, agesMs }: Given): void {
    invitations.add(count, name, how);
    ages.observeAll(agesMs, 1_000, name);
  }

  function called(call: CallRecord): void {
    const { provider: name, outcome } = call;
    calls.add(1, name, outcome);
    for (const attempt of call.attempts) attempts.add(1, name, attempt.outcome);
    callSeconds.observe((call.endedAt - call.startedAt) / 1_000, name);
    quotaSeconds.observe(call.quotaWaitMs / 1_000, name);
    connectionSeconds.observe(call.connectionWaitMs / 1_000, name);
    if (outcome === 'no_quota') quotaRefused.add(1, name);
  }

  return {
    families: [
      operations,
      operationSeconds,
      errors,
      refused,
      invitations,
      ages,
      calls,
      attempts,
      callSeconds,
      quotaSeconds,
      connectionSeconds,
      quotaRefused,
      reads,
      events,
      skipped,
      notifications,
      toldSeconds,
      commands,
      commandSeconds,
      documents,
      limited,
      spansLost,
    ],
    answered,
    eventFailed(_, problems) {
      for (const { code } of problems) errors.add(1, code);
    },
    called,
    givenLater: given,
    seen({ ref, before, isSame, byUs }) {
      if (byUs) reads.add(1, kindOf(ref).provider, before === undefined ? 'first' : isSame ? 'same' : 'change');
    },
    refused: (reason) => refused.add(1, reason),
    event: () => events.add(1),
    skipped: () => skipped.add(1),
    notified: (name, receipt) => notifications.add(1, name, receipt),
    told: (afterMs) => toldSeconds.observe(afterMs / 1_000),
    commanded(outcome, durationMs) {
      commands.add(1, outcome);
      commandSeconds.observe(durationMs / 1_000);
    },
    limited: (limit) => limited.add(1, limit),
    spansLost: (spans) => spansLost.add(spans),
  };
}
