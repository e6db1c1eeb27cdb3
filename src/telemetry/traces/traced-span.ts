// One span, from when it is begun to when it is exported, in the form that OpenTelemetry's exporters read. Its own span checks
// and copies every attribute, some of them twice; ours are all known, and are given once.

import {
  type Attributes,
  type HrTime,
  type Link,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import type { Span } from '../../upstream/span.ts';

export interface SpanBeginning {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: SpanContext | undefined;
  readonly links: readonly SpanContext[];
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly resource: Resource;
  readonly scope: InstrumentationScope;
}

export class TracedSpan implements Span, ReadableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  endTime: HrTime = [0, 0];
  attributes: Attributes = {};
  readonly events: TimedEvent[] = [];
  readonly links: Link[];
  status: SpanStatus = UNSET;
  ended = false;
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
  // Nothing is without bounds where it is made.
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;

  constructor({ name, kind, traceId, spanId, parent, links, startedAt, resource, scope }: SpanBeginning) {
    this.name = name;
    this.kind = kind;
    this.context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
    if (parent !== undefined) this.parentSpanContext = parent;
    this.startTime = timeOf(startedAt);
    this.links = links.map((context) => ({ context }));
    this.resource = resource;
    this.instrumentationScope = scope;
  }

  get traceId(): string {
    return this.context.traceId;
  }

  get duration(): HrTime {
    const seconds = this.endTime[0] - this.startTime[0];
    const nanoseconds = this.endTime[1] - this.startTime[1];
    return nanoseconds < 0 ? [seconds - 1, nanoseconds + 1e9] : [seconds, nanoseconds];
  }

  spanContext(): SpanContext {
    return this.context;
  }

  /** @param at Milliseconds since 1970. */
  addEvent(name: string, attributes: Attributes, at: number): void {
    this.events.push({ name, attributes, time: timeOf(at) });
  }

  /** Once. */
  end(attributes: Attributes, isFailed: boolean, at: number): void {
    this.attributes = attributes;
    if (isFailed) this.status = ERROR;
    this.endTime = timeOf(at);
    this.ended = true;
  }
}

const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };
const ERROR: SpanStatus = { code: SpanStatusCode.ERROR };

function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.floor((ms - seconds * 1_000) * 1e6)];
}
