// One span, from when it is begun to when it has ended.

import type { Span } from '../../upstream/span.ts';
import type { Attributes, EndedSpan, SpanEvent } from './ended-span.ts';
import { SpanId } from './span-id.ts';

export class TracedSpan implements Span, EndedSpan {
  name: string;
  readonly kind: EndedSpan['kind'];
  readonly id: SpanId;
  readonly parent: SpanId | undefined;
  readonly startedAt: number;
  endedAt = Number.NaN;
  attributes: Attributes = NONE;
  isFailed = false;
  // Most spans have none, and then none are made.
  #events: SpanEvent[] | undefined;
  #links: SpanId[] | undefined;

  /** @param startedAt Milliseconds since 1970. */
  constructor(name: string, kind: EndedSpan['kind'], parent: SpanId | undefined, startedAt: number) {
    this.name = name;
    this.kind = kind;
    this.id = SpanId.create(parent);
    this.parent = parent;
    this.startedAt = startedAt;
  }

  get traceId(): string {
    return this.id.traceId;
  }

  get events(): readonly SpanEvent[] {
    return this.#events ?? NO_ITEMS;
  }

  get links(): readonly SpanId[] {
    return this.#links ?? NO_ITEMS;
  }

  /** @param at Milliseconds since 1970. */
  addEvent(name: string, attributes: Attributes, at: number): void {
    this.#events ??= [];
    this.#events.push({ name, attributes, at });
  }

  /** Of no use once it has ended. */
  link(id: SpanId): void {
    this.#links ??= [];
    this.#links.push(id);
  }

  /** Once. */
  end(attributes: Attributes, isFailed: boolean, at: number): void {
    this.attributes = attributes;
    this.isFailed = isFailed;
    this.endedAt = at;
  }
}

const NONE: Attributes = {};

const NO_ITEMS: readonly never[] = [];
