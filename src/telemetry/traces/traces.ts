// What the rooms tell of operations and upstream calls → spans, by OpenTelemetry's API. Loaded only where spans are exported.
// Whether an operation is traced is decided when it begins, by our own dice: by a caller's flag anyone could slow the
// gateway down. A call becomes a span when it is over, because only then is it known who has waited for it.
// No span has an id, an address, a variable, a message or a name that a caller chose.

import { randomUUID } from 'node:crypto';
import {
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { OperationRecord, Trace } from '../../server/operation-record.ts';
import type { RemoteSpan } from '../../server/trace-context.ts';
import type { CallRecord } from '../../upstream/call-record.ts';
import type { TelemetryListener } from '../telemetry.ts';
import {
  attributesOfAttempt,
  attributesOfCall,
  attributesOfOperation,
  isFailed,
  nameOfOperation,
} from './attributes.ts';
import { createEpoch } from './epoch.ts';
import { type ExportOptions, SpanExport } from './export.ts';

export interface TracesOptions extends ExportOptions {
  readonly serviceName: string;
  /** The part that is traced of operations, notifications and background reads, 0 to 1. */
  readonly ratio: number;
  /** At least 0 and below 1. */
  readonly random?: () => number;
}

export interface Traces extends Required<Pick<TelemetryListener, 'answered' | 'called'>> {
  readonly trace: Trace;
  /** Sends what waits, for a second at most. */
  stop(): Promise<void>;
}

export function createTraces({ serviceName, ratio, random = Math.random, ...options }: TracesOptions): Traces {
  const spans = new SpanExport(options);
  const resource = { 'service.name': serviceName, 'service.instance.id': randomUUID() };
  const tracer = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(resource)),
    // What is begun is traced: the dice were thrown before.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [spans],
  }).getTracer('invitation-gateway');
  const epoch = createEpoch();

  function answered(operation: OperationRecord): void {
    const { span, outcome, endedAt } = operation;
    if (span === undefined) return;
    const name = nameOfOperation(operation);
    if (name !== undefined) span.updateName(name);
    span.setAttributes(attributesOfOperation(operation));
    if (outcome === 'failed') span.setStatus(ERROR);
    span.end(epoch.at(endedAt));
  }

  function called(call: CallRecord, tenant: string | null): void {
    const { payer, others = NONE } = call.payment.spans ?? {};
    const isWaitedFor = payer !== undefined || others.length > 0;
    // Work without a caller has dice of its own.
    if (!isWaitedFor && (call.payment.caller !== '' || random() >= ratio)) return;
    const waiting = new Set(others);
    const span = tracer.startSpan(
      `${call.provider.toLowerCase()} GET`,
      {
        kind: SpanKind.CLIENT,
        startTime: epoch.at(call.startedAt),
        attributes: attributesOfCall(call, tenant),
        links: Array.from(waiting, (each) => ({ context: each.spanContext() })),
      },
      payer === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, payer),
    );
    for (const attempt of call.attempts) {
      span.addEvent('attempt', attributesOfAttempt(attempt), epoch.at(attempt.startedAt));
    }
    if (isFailed(call)) span.setStatus(ERROR);
    span.end(epoch.at(call.endedAt));
    // Also the other way round: what one that joined has waited for is found from its own trace.
    for (const each of waiting) if (each.isRecording()) each.addLink({ context: span.spanContext() });
  }

  return {
    trace(name, brought, startedAt) {
      if (random() >= ratio) return undefined;
      epoch.renew();
      const parent = brought?.parent;
      const isAdopted = brought?.isTrusted === true && parent !== undefined;
      return tracer.startSpan(
        name,
        {
          kind: SpanKind.SERVER,
          ...(startedAt === undefined ? {} : { startTime: epoch.at(startedAt) }),
          links: parent === undefined || isAdopted ? [] : [linkTo(parent)],
        },
        isAdopted ? trace.setSpanContext(ROOT_CONTEXT, remote(parent)) : ROOT_CONTEXT,
      );
    },
    answered,
    called,
    stop: () => spans.shutdown(),
  };
}

const NONE: readonly Span[] = [];

const ERROR = { code: SpanStatusCode.ERROR };

function linkTo(parent: RemoteSpan): Link {
  return { context: remote(parent) };
}

/** Whether it is sampled there is not known here: its flag is not read. */
function remote(parent: RemoteSpan): SpanContext {
  return { ...parent, traceFlags: TraceFlags.NONE, isRemote: true };
}
