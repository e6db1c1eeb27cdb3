// What the rooms tell of operations, notifications and upstream calls → spans for the collector. Loaded only where spans are
// exported. Whether something is traced is decided when it begins, by our own dice: by a caller's flag anyone could slow the
// gateway down. A call becomes a span when it is over, because only then is it known who has waited for it.
// No span has an id, an address, a variable, a message or a name that a caller chose.

import { randomUUID } from 'node:crypto';
import { SDK_INFO } from '@opentelemetry/core';
import type { OperationRecord, Trace } from '../../server/operation-record.ts';
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
import type { CollectorOptions } from './collector.ts';
import type { Attributes } from './ended-span.ts';
import { createEpoch } from './epoch.ts';
import { SpanExport } from './export.ts';
import { SpanId } from './span-id.ts';
import { TracedSpan } from './traced-span.ts';

export interface TracesOptions extends CollectorOptions {
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

export function createTraces({ serviceName, ratio, random = Math.random, ...options }: TracesOptions): Traces {
  const spans = new SpanExport(resourceOf(serviceName), options);
  const epoch = createEpoch();

  function answered(operation: OperationRecord): void {
    const { span, outcome, endedAt } = operation;
    if (!(span instanceof TracedSpan)) return;
    span.name = nameOfOperation(operation) ?? span.name;
    span.end(attributesOfOperation(operation), outcome === 'failed', epoch.at(endedAt));
    spans.add(span);
  }

  function called(call: CallRecord, tenant: string | null): void {
    const { payer, others = NONE } = call.payment.spans ?? {};
    const waiting = new Set(others.filter((each) => each instanceof TracedSpan));
    const isWaitedFor = payer !== undefined || waiting.size > 0;
    // Work without a caller has dice of its own.
    if (!isWaitedFor && (call.payment.caller !== '' || random() >= ratio)) return;
    const parent = payer instanceof TracedSpan ? payer.id : undefined;
    const span = new TracedSpan(`${call.provider.toLowerCase()} GET`, 'CLIENT', parent, epoch.at(call.startedAt));
    for (const { id } of waiting) span.link(id);
    for (const attempt of call.attempts) {
      span.addEvent('attempt', attributesOfAttempt(attempt), epoch.at(attempt.startedAt));
    }
    span.end(attributesOfCall(call, tenant), isFailed(call), epoch.at(call.endedAt));
    spans.add(span);
    // Also the other way round: what one that joined has waited for is found from its own trace.
    for (const each of waiting) each.link(span.id);
  }

  return {
    trace(name, brought, startedAt) {
      if (random() >= ratio) return undefined;
      epoch.renew(startedAt);
      const theirs = brought?.parent && SpanId.remote(brought.parent);
      const isAdopted = brought?.isTrusted === true;
      const span = new TracedSpan(name, 'SERVER', isAdopted ? theirs : undefined, epoch.at(startedAt));
      if (theirs !== undefined && !isAdopted) span.link(theirs);
      return span;
    },
    answered,
    received(span, outcome) {
      if (!(span instanceof TracedSpan)) return;
      span.end({ 'gateway.outcome': outcome }, false, epoch.at(performance.now()));
      spans.add(span);
    },
    called,
    stop: () => spans.stop(),
  };
}

const NONE: readonly never[] = [];

/** What all spans are of: this process. */
function resourceOf(serviceName: string): Attributes {
  return {
    'service.name': serviceName,
    'service.instance.id': randomUUID(),
    'telemetry.sdk.language': SDK_INFO['telemetry.sdk.language'],
    'telemetry.sdk.name': SDK_INFO['telemetry.sdk.name'],
    'telemetry.sdk.version': SDK_INFO['telemetry.sdk.version'],
  };
}
