// One read of an invitation at its provider, and what its outcome changes: what is known here, what other processes are
// told, and which background reads are no longer needed.

import type { Invitation } from '../invitation/kinds.ts';
import type { Problem } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import { momentOf, type Snapshot, snapshotOf, withoutExtras } from '../invitation/snapshot.ts';
import type { Reader } from '../providers/provider.ts';
import type { Cancellation } from '../upstream/cancellation.ts';
import type { CallSpans, Payment } from '../upstream/payment.ts';
import type { Span } from '../upstream/span.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Known } from './known.ts';
import type { Asker, Reading } from './reading.ts';
import type { SharedTier } from './redis-tier.ts';
import type { Read } from './single-flight.ts';
import { stalenessOf } from './staleness.ts';

/** Where one kind of invitation is read. */
export interface Source {
  readonly reader: Reader;
  readonly upstream: Pick<Upstream, 'quota' | 'wayTo'>;
}

/** What the reads of a process share. */
export interface ReadEffects {
  readonly known: Known;
  readonly shared: Pick<SharedTier, 'share'> | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Why no read may be made now with spare quota; undefined where one may. */
  spareRefusal(source: Source, ref: Ref): Problem | undefined;
  /** Asks for a read in the background that begins from now on. */
  want(ref: Ref): void;
}

export class ProviderRead implements Read {
  readonly #effects: ReadEffects;
  readonly #source: Source;
  readonly #reading: Reading;
  readonly #payment: Payment;
  readonly #note: Asker['note'];
  readonly payer: Span | undefined;
  others: readonly Span[];
  #begunAt: number | undefined;

  constructor(effects: ReadEffects, source: Source, reading: Reading, asker: Omit<Asker, 'caller' | 'maxAgeMs'>) {
    this.#effects = effects;
    this.#source = source;
    this.#reading = reading;
    this.#payment = asker.payment;
    this.#note = asker.note;
    this.payer = asker.span;
    this.others = asker.cause === undefined ? NONE : [asker.cause];
  }

  joinedBy({ payer, others }: CallSpans): void {
    if (payer !== undefined) this.others = [...this.others, payer];
    if (others.length > 0) this.others = [...this.others, ...others];
  }

  start(cancellation: Cancellation): Promise<Invitation | null> {
    const { ref, withExtras } = this.#reading;
    const { how, caller } = this.#payment;
    const payment = { how, caller, spans: this };
    const refusal = how === 'spare' ? this.#effects.spareRefusal(this.#source, ref) : undefined;
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#begunAt = this.#effects.now();
    this.#note?.begun();
    return this.#source.reader.read(ref, { withExtras, cancellation, payment });
  }

  succeeded(invitation: Invitation | null): Snapshot | null {
    const { known, shared, want } = this.#effects;
    const { ref, withExtras } = this.#reading;
    const begunAt = this.#begunAt ?? 0;
    const observedAt = momentOf(Date.now());
    const snapshot = invitation && snapshotOf(invitation, observedAt);
    const isForCaller = this.#payment.caller !== '';
    const verdict = known.keep(ref, { snapshot, withExtras, begunAt, isForCaller });
    // What a notification makes outdated is read again because of the notification.
    if (verdict === 'unclear') want(ref);
    if (verdict !== 'kept') return snapshot;
    if (shared !== undefined && invitation !== null) {
      const { seenAt = this.#effects.now(), sinceAt = seenAt } = known.peek(ref, false) ?? {};
      shared.share({
        ref,
        invitation: withoutExtras(invitation),
        observedAt: observedAt.getTime(),
        begunAt,
        seenAt,
        sinceAt,
      });
    }
    return snapshot;
  }

  failed(error: unknown): void {
    if (this.#begunAt === undefined) return;
    const { known } = this.#effects;
    const staleness = stalenessOf(error);
    if (staleness === null) known.refuse(this.#reading, error);
    else known.fail(this.#reading, staleness, this.#begunAt);
  }
}

const NONE: readonly Span[] = [];
