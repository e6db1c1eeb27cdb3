// What the rooms know of a span: to which trace it belongs. They pass it on, down to the calls that are made for it; what it
// is made of is the business of telemetry.

export interface Span {
  /** In hex, as in a `traceparent`. */
  readonly traceId: string;
}
