// Spans → the collector of the company, in batches, by OTLP over HTTP. A collector that is down, slow or talks rubbish costs
// spans and nothing else: so many wait for it at most, what does not fit or arrive is lost, and that is told by count.

import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace';

export interface ExportOptions {
  readonly url: string;
  readonly headers: readonly (readonly [string, { reveal(): string }])[];
  /** Told of spans that do not reach the collector, and of why: a code of the system's, a status of HTTP, or ours. */
  readonly onLost: (spans: number, reason: string) => void;
}

/** Most spans that wait, and most that go out in one request. */
const MAX_WAITING = 2_048;
const MAX_BATCH = 512;

/** How long a span waits for others at most, in milliseconds. */
const DELAY_MS = 1_000;

/** How long a batch is sent, with the retries of it. */
const SEND_TIMEOUT_MS = 10_000;

/** How long a batch keeps the next one waiting: an answer may drip for ever. */
const BATCH_TIMEOUT_MS = 15_000;

/** Most requests at once, where several do not end. */
const MAX_REQUESTS = 8;

/** How long the process waits for the collector when it ends. */
const END_TIMEOUT_MS = 1_000;

export class SpanExport implements SpanProcessor {
  readonly #onLost: ExportOptions['onLost'];
  readonly #exporter: OTLPTraceExporter;
  readonly #batches: BatchSpanProcessor;
  #waiting = 0;
  #sent = 0;

  constructor({ url, headers, onLost }: ExportOptions) {
    this.#onLost = onLost;
    // All that the settings say is said here, or the exporter would take it out of the environment itself.
    this.#exporter = new OTLPTraceExporter({
      url,
      headers: Object.fromEntries(headers.map(([name, value]) => [name, value.reveal()])),
      timeoutMillis: SEND_TIMEOUT_MS,
      concurrencyLimit: MAX_REQUESTS,
    });
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) => this.#send(spans, done),
        shutdown: () => this.#exporter.shutdown(),
      },
      maxQueueSize: MAX_WAITING,
      maxExportBatchSize: MAX_BATCH,
      scheduledDelayMillis: DELAY_MS,
      exportTimeoutMillis: BATCH_TIMEOUT_MS,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#onLost(1, 'FULL');
      return;
    }
    this.#waiting += 1;
    this.#batches.onEnd(span);
  }

  #send(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#waiting -= spans.length;
    this.#sent += spans.length;
    this.#exporter.export(spans, (result) => {
      this.#sent -= spans.length;
      if (result.code !== ExportResultCode.SUCCESS) this.#onLost(spans.length, reasonOf(result.error));
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  /** Sends what waits, and waits for that a second at most. */
  async shutdown(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, END_TIMEOUT_MS);
    // What failed was told already.
    await Promise.race([this.#batches.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
    const unsettled = this.#waiting + this.#sent;
    if (unsettled > 0) this.#onLost(unsettled, 'STOPPED');
  }
}

/** Never its message, which may hold what the collector wrote. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' || (typeof code === 'string' && /^[A-Z_]+$/.test(code)) ? String(code) : 'UNANSWERED';
}
