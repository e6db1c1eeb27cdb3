// How one read for a caller ends, for whoever counts how refs are answered: from what it gave at once, whether it was made
// for this caller, and whether an older answer took its place.

import type { ProviderName } from '../invitation/provider.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { GivenListener, How } from './given.ts';

export class ReadNote implements GivenListener {
  readonly #listener: GivenListener;
  readonly #provider: ProviderName;
  readonly #wasKnown: boolean;
  #how: How | undefined;
  #ageMs = 0;
  #isFinal = false;
  #isOwn = false;

  /** @param wasKnown Whether there was an older answer. */
  constructor(listener: GivenListener, provider: ProviderName, wasKnown: boolean) {
    this.#listener = listener;
    this.#provider = provider;
    this.#wasKnown = wasKnown;
  }

  /** It is given this, and not what a read brings. */
  given(_: ProviderName, how: How, ageMs: number, isFinal = false): void {
    this.#how = how;
    this.#ageMs = ageMs;
    this.#isFinal = isFinal;
  }

  /** The provider is read for this caller. */
  begun(): void {
    this.#isOwn = true;
    this.#listener.readBegun?.();
  }

  /** Tells what comes of it; the answer stays the same. */
  tell(answer: Promise<Snapshot | null>): Promise<Snapshot | null> {
    return answer.then(
      (snapshot) => {
        if (snapshot === null) this.#listener.given(this.#provider, 'not_found', Number.NaN);
        else this.#listener.given(this.#provider, this.#how ?? this.#wayOfRead, this.#ageMs, this.#isFinal);
        return snapshot;
      },
      (error: unknown) => {
        this.#listener.given(this.#provider, 'failed', Number.NaN);
        throw error;
      },
    );
  }

  get #wayOfRead(): How {
    if (!this.#isOwn) return 'joined';
    return this.#wasKnown ? 'waited' : 'miss';
  }
}
