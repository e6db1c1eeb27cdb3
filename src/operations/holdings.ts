// About how much memory a kept document holds on to: first what its text lets expect, and more where its plans are larger
// than that, because fragments that are spread side by side make plans of their own wherever they meet.

/** What a document holds: nodes, plan and code. Measured: a page of 340 characters 32 KB, one field of 120 16 KB. */
const BYTES = 8_000;
const BYTES_PER_CHARACTER = 100;

/** Of what is expected by the text, the part of plans and their code. */
const PLANNED = 0.5;

/** What grows is booked in advance, by so much or this part of what there is. */
const STEP_BYTES = 4 * 1024;
const STEP = 1 / 8;

/** Measured over plans of 12,000 fields. */
const BYTES_PER_FIELD = 450;
const BYTES_PER_NODE = 8;
const BYTES_PER_FUNCTION = 2_000;

/** Of a field of the root: whatever its resolver keeps of what is selected (for invitations, code that weighs them). */
const BYTES_PER_ROOT_FIELD = 10_000;

/** Most functions that one plan is compiled to. Pages have fewer selections, and whoever asks while they are compiled waits for it. */
const MAX_FUNCTIONS = 32;

export class Holdings {
  #bytes: number;
  #free: number;
  readonly #onGrown: () => void;

  /** @param onGrown Called when there is more than was told before. */
  constructor(textLength: number, onGrown: () => void) {
    this.#bytes = BYTES + BYTES_PER_CHARACTER * textLength;
    this.#free = this.#bytes * PLANNED;
    this.#onGrown = onGrown;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    this.#free -= bytes;
    if (this.#free >= 0) return;
    const step = Math.ceil(Math.max(STEP_BYTES, this.#bytes * STEP) - this.#free);
    this.#bytes += step;
    this.#free += step;
    this.#onGrown();
  }
}

/** One plan of the document, which is kept with it. */
export class KeptPlan {
  readonly #holdings: Holdings;
  #functions = 0;

  constructor(holdings: Holdings) {
    this.#holdings = holdings;
  }

  get mayCompile(): boolean {
    return this.#functions < MAX_FUNCTIONS;
  }

  addFunction(): void {
    this.#functions += 1;
    this.#holdings.add(BYTES_PER_FUNCTION);
  }

  /** @param nodes Places in the document that select it. */
  addField(nodes: number, isOfRoot: boolean): void {
    this.#holdings.add(BYTES_PER_FIELD + BYTES_PER_NODE * nodes + (isOfRoot ? BYTES_PER_ROOT_FIELD : 0));
  }
}
