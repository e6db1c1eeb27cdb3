// What there is to tell of a span that has ended.

import type { SpanId } from './span-id.ts';

export type Attributes = Readonly<Record<string, string | number>>;

/** All times are milliseconds since 1970. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: 'SERVER' | 'CLIENT';
  readonly id: SpanId;
  /** Undefined where it is a root. */
  readonly parent: SpanId | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanId[];
  readonly isFailed: boolean;
}

export interface SpanEvent {
  readonly name: string;
  readonly attributes: Attributes;
  readonly at: number;
}
