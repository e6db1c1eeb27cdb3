// A clock of its own for a simulation: timers, `performance.now()` and `Date.now()` go by it, and hours pass as fast as what
// happens in them is worked out.

interface Timer {
  readonly at: number;
  readonly number: number;
  readonly run: () => void;
}

const realSetImmediate = setImmediate;

export class SimulatedClock {
  now = 0;
  #numbers = 0;
  readonly #timers: Timer[] = [];
  readonly #cleared = new Set<number>();

  /** Takes the place of the process's timers and clocks. */
  install(): void {
    const handle = (number: number) => ({ number, unref: () => handle(number), ref: () => handle(number) });
    const clear = (timer: { readonly number: number } | undefined) => {
      if (timer !== undefined) this.#cleared.add(timer.number);
    };
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 0) => handle(this.#add(this.now + Math.max(1, ms), run)),
      setInterval: (run: () => void, ms: number) => {
        const again = () => {
          run();
          this.#add(this.now + ms, again, number);
        };
        const number = this.#add(this.now + ms, again);
        return handle(number);
      },
      clearTimeout: clear,
      clearInterval: clear,
    });
    performance.now = () => this.now;
    Date.now = () => EPOCH + Math.floor(this.now);
  }

  /** When the next timer is due. */
  nextAt(): number {
    return this.#timers[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Runs the next timer, and all that follows of it without time passing. */
  async runNext(): Promise<void> {
    const timer = this.#take();
    if (timer === undefined || this.#cleared.delete(timer.number)) return;
    this.now = Math.max(this.now, timer.at);
    timer.run();
    await this.settle();
  }

  /** Lets all promises come to rest. */
  settle(): Promise<void> {
    return new Promise((resolve) => realSetImmediate(resolve));
  }

  #add(at: number, run: () => void, number = this.#numbers++): number {
    const timers = this.#timers;
    let place = timers.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = timers[above];
      if (other === undefined || other.at <= at) break;
      timers[place] = other;
      place = above;
    }
    timers[place] = { at, number, run };
    return number;
  }

  #take(): Timer | undefined {
    const timers = this.#timers;
    const [first] = timers;
    const last = timers.pop();
    if (first === undefined || last === undefined || timers.length === 0) return first;
    let place = 0;
    while (true) {
      let below = 2 * place + 1;
      let least = timers[below];
      if (least === undefined) break;
      const other = timers[below + 1];
      if (other !== undefined && other.at < least.at) {
        below += 1;
        least = other;
      }
      if (least.at >= last.at) break;
      timers[place] = least;
      place = below;
    }
    timers[place] = last;
    return first;
  }
}

const EPOCH = Date.parse('2026-11-01T00:00:00Z');
