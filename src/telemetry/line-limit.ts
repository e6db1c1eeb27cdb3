// Bounds how many lines of the log tell of like things: so many a second for each reason, the last of them for all that
// were left out.

/** Of these the last one stands for the rest of its second. */
const LINES_PER_SECOND = 10;

interface Second<T> {
  written: number;
  left: number;
  last: T | undefined;
}

export class LineLimit<T> {
  readonly #write: (item: T, count: number) => void;
  readonly #seconds = new Map<string, Second<T>>();

  /** @param write Given how many like it the line stands for. */
  constructor(write: (item: T, count: number) => void) {
    this.#write = write;
  }

  /** @param reason One of a few. */
  offer(reason: string, item: T): void {
    let second = this.#seconds.get(reason);
    if (second === undefined) {
      second = { written: 0, left: 0, last: undefined };
      this.#seconds.set(reason, second);
      setTimeout(() => this.#end(reason), 1_000).unref();
    }
    if (second.written < LINES_PER_SECOND - 1) {
      second.written += 1;
      this.#write(item, 1);
    } else {
      second.left += 1;
      second.last = item;
    }
  }

  #end(reason: string): void {
    const { left = 0, last } = this.#seconds.get(reason) ?? {};
    this.#seconds.delete(reason);
    if (last !== undefined) this.#write(last, left);
  }
}
