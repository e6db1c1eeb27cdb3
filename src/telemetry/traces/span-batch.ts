// Spans → the request that a collector takes (OTLP, opentelemetry-proto 1.x: collector/trace/v1, trace/v1). Each is written as
// bytes when it ends, and nothing else of it is kept: where all operations are traced, objects that wait for their batch cost
// more than all else, to collect them and to walk them twice.

import type { Attributes, EndedSpan } from './ended-span.ts';
import { ProtobufWriter } from './protobuf.ts';
import type { SpanId } from './span-id.ts';

const REQUEST = { resourceSpans: 1 } as const;
const RESOURCE_SPANS = { resource: 1, scopeSpans: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_SPANS = { scope: 1, spans: 2 } as const;
const SCOPE = { name: 1 } as const;
const SPAN = {
  traceId: 1,
  spanId: 2,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  startTime: 7,
  endTime: 8,
  attributes: 9,
  events: 11,
  links: 13,
  status: 15,
  flags: 16,
} as const;
const EVENT = { time: 1, name: 2, attributes: 3 } as const;
const LINK = { traceId: 1, spanId: 2, flags: 6 } as const;
const STATUS = { code: 3 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { text: 1, integer: 3, double: 4 } as const;

/** The name of the scope that made the spans. */
const MADE_BY = 'invitation-gateway';

const KIND = { SERVER: 2, CLIENT: 3 } as const;
const STATUS_ERROR = 2;

/** Of a context: it is sampled; it is known whether it is remote; it is. */
const FLAG = { sampled: 0x1, isRemoteKnown: 0x100, isRemote: 0x200 } as const;

export class SpanBatch {
  readonly #writer = new ProtobufWriter();
  readonly #resourceSpans: number;
  readonly #scopeSpans: number;
  #count = 0;

  /** @param resource What the spans are of. */
  constructor(resource: Attributes) {
    const writer = this.#writer;
    this.#resourceSpans = writer.open(REQUEST.resourceSpans);
    const ofResource = writer.open(RESOURCE_SPANS.resource);
    writeAttributes(writer, RESOURCE.attributes, resource);
    writer.close(ofResource);
    this.#scopeSpans = writer.open(RESOURCE_SPANS.scopeSpans);
    const ofScope = writer.open(SCOPE_SPANS.scope);
    writer.text(SCOPE.name, MADE_BY);
    writer.close(ofScope);
  }

  /** How many spans it has. */
  get count(): number {
    return this.#count;
  }

  add(span: EndedSpan): void {
    this.#count += 1;
    writeSpan(this.#writer, span);
  }

  /** The request. Once, and nothing is added afterwards. */
  end(): Uint8Array {
    this.#writer.close(this.#scopeSpans);
    this.#writer.close(this.#resourceSpans);
    return this.#writer.bytes;
  }
}

function writeSpan(writer: ProtobufWriter, span: EndedSpan): void {
  const { id, parent } = span;
  const start = writer.open(SCOPE_SPANS.spans);
  writer.words(SPAN.traceId, id.words, 0, 4);
  writer.words(SPAN.spanId, id.words, 4, 6);
  if (parent !== undefined) writer.words(SPAN.parentSpanId, parent.words, 4, 6);
  writer.text(SPAN.name, span.name);
  writer.integer(SPAN.kind, KIND[span.kind]);
  writer.fixed64(SPAN.startTime, nanoseconds(span.startedAt));
  writer.fixed64(SPAN.endTime, nanoseconds(span.endedAt));
  writeAttributes(writer, SPAN.attributes, span.attributes);
  for (const { name, attributes, at } of span.events) {
    const ofEvent = writer.open(SPAN.events);
    writer.fixed64(EVENT.time, nanoseconds(at));
    writer.text(EVENT.name, name);
    writeAttributes(writer, EVENT.attributes, attributes);
    writer.close(ofEvent);
  }
  for (const link of span.links) writeLink(writer, link);
  if (span.isFailed) {
    const ofStatus = writer.open(SPAN.status);
    writer.integer(STATUS.code, STATUS_ERROR);
    writer.close(ofStatus);
  }
  const ofParent = parent?.isRemote === true ? FLAG.isRemote : 0;
  writer.fixed32(SPAN.flags, FLAG.sampled | FLAG.isRemoteKnown | ofParent);
  writer.close(start);
}

/** Whether one of somebody else is sampled there is not known here: its flag is not read. */
function writeLink(writer: ProtobufWriter, { words, isRemote }: SpanId): void {
  const start = writer.open(SPAN.links);
  writer.words(LINK.traceId, words, 0, 4);
  writer.words(LINK.spanId, words, 4, 6);
  writer.fixed32(LINK.flags, FLAG.isRemoteKnown | (isRemote ? FLAG.isRemote : FLAG.sampled));
  writer.close(start);
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: Attributes): void {
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined) continue;
    const start = writer.open(field);
    writer.text(KEY_VALUE.key, key);
    const ofValue = writer.open(KEY_VALUE.value);
    if (typeof value === 'string') writer.text(ANY_VALUE.text, value);
    else if (Number.isSafeInteger(value) && value >= 0) writer.integer(ANY_VALUE.integer, value);
    else writer.double(ANY_VALUE.double, value);
    writer.close(ofValue);
    writer.close(start);
  }
}

function nanoseconds(ms: number): number {
  return Math.floor(ms * 1e6);
}
