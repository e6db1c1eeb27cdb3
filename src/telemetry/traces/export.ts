// Spans → batches → the collector of the company. A collector that is down, slow or talks rubbish costs spans and nothing
// else: so many wait for it at most, and what does not fit is lost, which is told.

import { Collector, type CollectorOptions } from './collector.ts';
import type { Attributes, EndedSpan } from './ended-span.ts';
import { SpanBatch } from './span-batch.ts';

/** Most spans that wait, and most that go out in one request. */
const MAX_WAITING = 2_048;
const MAX_BATCH = 512;

/** How long a span waits for others at most, in milliseconds. */
const DELAY_MS = 1_000;

/** How long a batch keeps the next one waiting: an answer may drip for ever. */
const BATCH_TIMEOUT_MS = 15_000;

/** How long the process waits for the collector when it ends. */
const END_TIMEOUT_MS = 1_000;

export class SpanExport {
  readonly #resource: Attributes;
  readonly #onLost: CollectorOptions['onLost'];
  readonly #collector: Collector;
  /** What waits: all but the last are full. */
  readonly #batches: SpanBatch[] = [];
  #waiting = 0;
  #isSending = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param resource What the spans are of. */
  constructor(resource: Attributes, options: CollectorOptions) {
    this.#resource = resource;
    this.#onLost = options.onLost;
    this.#collector = new Collector(options);
  }

  add(span: EndedSpan): void {
    if (this.#isOver || this.#waiting >= MAX_WAITING) {
      this.#onLost(1, this.#isOver ? 'STOPPED' : 'FULL');
      return;
    }
    this.#waiting += 1;
    let batch = this.#batches.at(-1);
    if (batch === undefined || batch.count === MAX_BATCH) {
      batch = new SpanBatch(this.#resource);
      this.#batches.push(batch);
    }
    batch.add(span);
    this.#goOn();
  }

  /** One batch after the other, and each when it is full or has waited: while the collector is slow, what comes waits. */
  #goOn(): void {
    const [next] = this.#batches;
    if (next === undefined || this.#isSending) return;
    if (next.count === MAX_BATCH) void this.#sendNext();
    else this.#timer ??= setTimeout(() => this.#sendNext(), DELAY_MS).unref();
  }

  async #sendNext(): Promise<void> {
    this.#isSending = true;
    await within(BATCH_TIMEOUT_MS, this.#send());
    this.#isSending = false;
    this.#goOn();
  }

  async #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batches.shift();
    if (batch === undefined) return;
    this.#waiting -= batch.count;
    await this.#collector.send(batch);
  }

  /** Sends what waits, all at once, and waits until all that was sent is answered or given up. */
  async flush(): Promise<void> {
    await Promise.all([...this.#batches].map(() => this.#send()));
    await this.#collector.settled();
  }

  /** Sends what waits, and waits for all that was sent a second at most. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await within(END_TIMEOUT_MS, this.flush());
    const unsettled = this.#waiting + this.#collector.unanswered;
    if (unsettled > 0) this.#onLost(unsettled, 'STOPPED');
  }
}

async function within(ms: number, done: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([done, late]);
  clearTimeout(timer);
}
