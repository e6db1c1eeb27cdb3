// Which span of which trace: 64 and 128 bits, by chance. They are kept as words of 32 bits: the collector gets bytes, and the
// hex that a `traceparent` and the log have is made where it is asked for.

const TRACE_WORDS = 4;

export class SpanId {
  /** Four of the trace, two of the span. */
  readonly words: readonly number[];
  /** Whether it is of somebody else. */
  readonly isRemote: boolean;

  private constructor(words: readonly number[], isRemote: boolean) {
    this.words = words;
    this.isRemote = isRemote;
  }

  /** One of our own. @param parent Of whose trace it is; of a new one where there is none. */
  static create(parent: SpanId | undefined): SpanId {
    const [a, b, c, d] = parent?.words ?? NONE;
    // What is all zeros would be none.
    if (a === undefined || b === undefined || c === undefined || d === undefined) {
      return new SpanId([word(), word(), word(), word() || 1, word(), word() || 1], false);
    }
    return new SpanId([a, b, c, d, word(), word() || 1], false);
  }

  /** One that a caller has named, in hex. */
  static remote({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }): SpanId {
    const words = (traceId + spanId).match(/.{8}/g) ?? [];
    return new SpanId(
      words.map((hex) => Number.parseInt(hex, 16) | 0),
      true,
    );
  }

  /** In hex. */
  get traceId(): string {
    return this.words.slice(0, TRACE_WORDS).map(hexOf).join('');
  }
}

const NONE: readonly number[] = [];

function word(): number {
  return (Math.random() * 2 ** 32) | 0;
}

function hexOf(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0');
}
