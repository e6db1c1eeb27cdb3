// Batches of spans → the collector, one request each, by OpenTelemetry's own client of OTLP: connections kept, deadlines, and
// what may succeed later tried again. What a batch loses is told by count and by a word: never by what the collector wrote.

import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { SpanBatch } from './span-batch.ts';

export interface CollectorOptions {
  readonly url: string;
  readonly headers: readonly (readonly [string, { reveal(): string }])[];
  /**
   * Told of spans that do not reach the collector, and of why: a code of the system's, a status of HTTP, or ours. Those that
   * it has taken in part are `REJECTED`.
   */
  readonly onLost: (spans: number, reason: string) => void;
}

/** How long a batch is sent, with the retries of it. */
const SEND_TIMEOUT_MS = 10_000;

/** Most requests at once, where several do not end. */
const MAX_REQUESTS = 8;

export class Collector {
  readonly #onLost: CollectorOptions['onLost'];
  readonly #client: ReturnType<typeof createOtlpHttpExportDelegate<SpanBatch, void>>;
  #unanswered = 0;
  #rejected = 0;

  constructor({ url, headers, onLost }: CollectorOptions) {
    this.#onLost = onLost;
    // All that the settings say is said here, or the client would take it out of the environment itself.
    const options = {
      url,
      headers: Object.fromEntries(headers.map(([name, value]) => [name, value.reveal()])),
      timeoutMillis: SEND_TIMEOUT_MS,
      concurrencyLimit: MAX_REQUESTS,
    };
    this.#client = createOtlpHttpExportDelegate(
      convertLegacyHttpOptions(options, 'TRACES', 'v1/traces', { 'Content-Type': 'application/x-protobuf' }),
      {
        serializeRequest: (batch) => batch.end(),
        // Read just before its batch is told to be sent.
        deserializeResponse: (answer) => {
          this.#rejected = ProtobufTraceSerializer.deserializeResponse(answer).partialSuccess?.rejectedSpans ?? 0;
        },
      },
      'otlp_http_span_exporter',
      { name: 'span', countItems: ({ count }) => count },
      undefined,
    );
  }

  /** How many spans were sent that it has not answered for. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Waits until it is answered, or given up. */
  send(batch: SpanBatch): Promise<void> {
    this.#unanswered += batch.count;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#client.export(batch, (result) => {
      this.#unanswered -= batch.count;
      this.#tellLost(batch, result);
      resolve();
    });
    return promise;
  }

  /** Waits until all that was sent is answered, or given up. */
  settled(): Promise<void> {
    return this.#client.forceFlush();
  }

  #tellLost({ count }: SpanBatch, { code, error }: ExportResult): void {
    const rejected = this.#rejected;
    this.#rejected = 0;
    if (code !== ExportResultCode.SUCCESS) this.#onLost(count, reasonOf(error));
    else if (rejected > 0) this.#onLost(Math.min(rejected, count), 'REJECTED');
  }
}

/** Never its message, which may hold what the collector wrote. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' || (typeof code === 'string' && /^[A-Z_]+$/.test(code)) ? String(code) : 'UNANSWERED';
}
