// What the rooms tell of operations, notifications and upstream calls → spans for the collector. Loaded only where spans are
// exported. Whether something is traced is decided when it begins, by our own dice: by a caller's flag anyone could slow the
// gateway down. A call becomes a span when it is over, because only then is it known who has waited for it.
// No span has an id, an address, a variable, a message or a name that a caller chose.

import { randomUUID } from 'node:crypto';
import { type SpanContext, SpanKind, TraceFlags } from '@opentelemetry/api';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace';
import type { OperationRecord, Trace } from '../../server/operation-record.ts';
import type { RemoteSpan } from '../../server/trace-context.ts';
import type { CallRecord } from '../../upstream/call-record.ts';
import type { Span } from '../../upstream/span.ts';
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
import { TracedSpan } from './traced-span.ts';

export interface TracesOptions extends ExportOptions {
  readonly serviceName: string;
  /** The part that is traced of operations, notifications and background reads, 0 to 1. */
  readonly ratio: number;
  /** At least 0 and below 1. */
  readonly random?: () => number;
}

export interface Traces extends TelemetryListener {
  readonly trace: Trace;
  readonly received: (span: Span, outcome: string) => void;
  /** Sends what waits, for a second at most. */
  stop(): Promise<void>;
}

const SCOPE = { name: 'invitation-gateway' };

export function createTraces({ serviceName, ratio, random = Math.random, ...options }: TracesOptions): Traces {
  const spans = new SpanExport(options);
  const service = { 'service.name': serviceName, 'service.instance.id': randomUUID() };
  const resource = defaultResource().merge(resourceFromAttributes(service));
  const ids = new RandomIdGenerator();
  const epoch = createEpoch();

  function begin(
    name: string,
    kind: SpanKind,
    parent: SpanContext | undefined,
    links: readonly SpanContext[],
    startedAt: number,
  ): TracedSpan {
    return new TracedSpan({
      name,
      kind,
      traceId: parent?.traceId ?? ids.generateTraceId(),
      spanId: ids.generateSpanId(),
      parent,
      links,
      startedAt: epoch.at(startedAt),
      resource,
      scope: SCOPE,
    });
  }

  function answered(operation: OperationRecord): void {
    const { span, outcome, endedAt } = operation;
    if (!(span instanceof TracedSpan)) return;
    span.name = nameOfOperation(operation) ?? span.name;
    span.end(attributesOfOperation(operation), outcome === 'failed', epoch.at(endedAt));
    spans.onEnd(span);
  }

  function called(call: CallRecord, tenant: string | null): void {
    const { payer, others = NONE } = call.payment.spans ?? {};
    const waiting = new Set(others.filter((each) => each instanceof TracedSpan));
    const isWaitedFor = payer !== undefined || waiting.size > 0;
    // Work without a caller has dice of its own.
    if (!isWaitedFor && (call.payment.caller !== '' || random() >= ratio)) return;
    const parent = payer instanceof TracedSpan ? payer.context : undefined;
    const links = Array.from(waiting, ({ context }) => context);
    const span = begin(`${call.provider.toLowerCase()} GET`, SpanKind.CLIENT, parent, links, call.startedAt);
    for (const attempt of call.attempts) {
      span.addEvent('attempt', attributesOfAttempt(attempt), epoch.at(attempt.startedAt));
    }
    span.end(attributesOfCall(call, tenant), isFailed(call), epoch.at(call.endedAt));
    spans.onEnd(span);
    // Also the other way round: what one that joined has waited for is found from its own trace.
    for (const each of waiting) if (!each.ended) each.links.push({ context: span.context });
  }

  return {
    trace(name, brought, startedAt) {
      if (random() >= ratio) return undefined;
      epoch.renew();
      const theirs = brought?.parent && remote(brought.parent);
      const isAdopted = brought?.isTrusted === true;
      const links = theirs === undefined || isAdopted ? [] : [theirs];
      return begin(name, SpanKind.SERVER, isAdopted ? theirs : undefined, links, startedAt);
    },
    answered,
    received(span, outcome) {
      if (!(span instanceof TracedSpan)) return;
      span.end({ 'gateway.outcome': outcome }, false, epoch.at(performance.now()));
      spans.onEnd(span);
    },
    called,
    stop: () => spans.shutdown(),
  };
}

const NONE: readonly never[] = [];

/** Whether it is sampled there is not known here: its flag is not read. */
function remote(parent: RemoteSpan): SpanContext {
  return { ...parent, traceFlags: TraceFlags.NONE, isRemote: true };
}
