// The DataLoader of one operation. What is known and fresh enough is given at once, without a tick; what has to be read
// is gathered from one tick of resolvers, each invitation once. In: wishes. Out: a snapshot, null, or an error, each its
// own. It is the one place where a ref enters: it decides what of it the viewer may see, and counts what the operation asks
// for (so many refs, so much weight, and what the caller is charged). What is not granted takes the same way as what does
// not exist, and is looked up nowhere. It knows neither GraphQL nor which provider a ref belongs to.

import DataLoader from 'dataloader';
import type { Rate } from '../access/caller-rate.ts';
import { Charges } from '../access/charges.ts';
import { type Grant, shownOf } from '../access/grants.ts';
import type { Caller } from '../access/viewer.ts';
import { kindOf } from '../invitation/kinds.ts';
import { OverLimit } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { GivenListener } from '../snapshots/given.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import { MAX_WEIGHT } from './answer-weight.ts';
import { merge, WishMap } from './merge.ts';
import type { Selection, Wanted, Wish } from './wish.ts';

export interface InvitationLoader {
  /** At once where it is known. @throws Problem where this one could not be read. */
  load<R extends Ref>(wish: Wish<R>): Found<R> | Promise<Found<R>>;
  /** In the order of the refs, at once where all are known; what could not be read is a Problem in its place. */
  loadMany(refs: readonly Ref[], wanted: Wanted): readonly Outcome[] | Promise<readonly Outcome[]>;
}

export type Found<R extends Ref = Ref> = Snapshot<R['type']> | null;
export type Outcome = Snapshot | null | Error;

/** Most distinct invitations that one operation reads. */
const MAX_REFS_PER_OPERATION = 200;

/**
 * @param rate What is charged for refs that are not answered from what is kept.
 * @param given Told how each ref is answered.
 */
export function createInvitationLoader(
  snapshots: Pick<Snapshots, 'answer' | 'read'>,
  caller: Caller,
  rate: Rate,
  given?: GivenListener,
): InvitationLoader {
  return new OperationLoader(snapshots, caller, rate, given);
}

class OperationLoader implements InvitationLoader {
  readonly #snapshots: Pick<Snapshots, 'answer' | 'read'>;
  readonly #caller: Caller;
  readonly #rate: Rate;
  readonly #given: GivenListener | undefined;
  #reads: DataLoader<readonly Wish[], Outcome[]> | undefined;
  readonly #refs: Ref[] = [];
  /** Made where an operation names more than so many, some of them several times. */
  #distinct: Set<string> | undefined;
  #weight = 0;
  /** Made where something has to be read. */
  #charges: Charges | undefined;

  constructor(
    snapshots: Pick<Snapshots, 'answer' | 'read'>,
    caller: Caller,
    rate: Rate,
    given: GivenListener | undefined,
  ) {
    this.#snapshots = snapshots;
    this.#caller = caller;
    this.#rate = rate;
    this.#given = given;
  }

  load<R extends Ref>(wish: Wish<R>): Found<R> | Promise<Found<R>> {
    const outcome = this.#answer(wish.ref, wish);
    if (outcome !== undefined) return foundOf(wish, outcome);
    return this.#read([wish]).then(([read = null]) => foundOf(wish, this.#weighed(wish, read)));
  }

  loadMany(refs: readonly Ref[], wanted: Wanted): readonly Outcome[] | Promise<readonly Outcome[]> {
    const { maxAgeMs, selection } = wanted;
    const missing: Wish[] = [];
    const places: number[] = [];
    const outcomes = refs.map((ref, place) => {
      const outcome = this.#answer(ref, wanted);
      if (outcome !== undefined) return outcome;
      missing.push({ ref, maxAgeMs, selection });
      places.push(place);
      return null;
    });
    if (missing.length === 0) return outcomes;
    return this.#read(missing).then((read) => {
      for (const [n, place] of places.entries()) outcomes[place] = this.#weighed(wanted, read[n] ?? null);
      return outcomes;
    });
  }

  /** What is given at once; undefined where it has to be read. */
  #answer(ref: Ref, wanted: Wanted): Outcome | undefined {
    const { selection, maxAgeMs } = wanted;
    if (!this.#admit(ref)) return TOO_MANY;
    const grant = this.#caller.viewer.grants.of(ref);
    if (grant === 'nothing') return undefined;
    // What is granted in part may show nothing, and is told when it is known to.
    const note = this.#given && (grant === 'whole' ? this.#given : new Held(this.#given));
    const known = this.#snapshots.answer(ref, isWithExtras(selection, grant), maxAgeMs, note);
    // That there is none is charged, and so is not given here.
    const shown = known && shownOf(known, grant);
    if (!shown) return undefined;
    if (note instanceof Held) note.tell();
    return this.#weighed(wanted, shown);
  }

  /** Whether this ref is among the first so many distinct ones. */
  #admit(ref: Ref): boolean {
    if (this.#refs.length < MAX_REFS_PER_OPERATION) {
      this.#refs.push(ref);
      return true;
    }
    this.#distinct ??= new Set(this.#refs.map(({ key }) => key));
    if (this.#distinct.has(ref.key)) return true;
    if (this.#distinct.size >= MAX_REFS_PER_OPERATION) return false;
    this.#distinct.add(ref.key);
    return true;
  }

  #weighed({ selection }: Wanted, outcome: Outcome): Outcome {
    if (outcome === null || outcome instanceof Error) return outcome;
    const left = MAX_WEIGHT - this.#weight;
    const weight = selection.weigh(outcome, left);
    if (weight > left) return TOO_HEAVY;
    this.#weight += weight;
    return outcome;
  }

  #read(wishes: readonly Wish[]): Promise<Outcome[]> {
    // It gathers the lists that the fields of one tick ask for, and keeps none: the snapshots remember what was read, with
    // its age, and a failure is not remembered.
    this.#reads ??= new DataLoader((lists) => this.#readLists(lists), { cache: false });
    return this.#reads.load(wishes);
  }

  async #readLists(lists: readonly (readonly Wish[])[]): Promise<Outcome[][]> {
    const [only] = lists;
    if (only !== undefined && lists.length === 1) return [await this.#readAll(only)];
    const outcomes = await this.#readAll(lists.flat());
    let from = 0;
    return lists.map(({ length }) => {
      from += length;
      return outcomes.slice(from - length, from);
    });
  }

  async #readAll(wishes: readonly Wish[]): Promise<Outcome[]> {
    this.#charges ??= new Charges(this.#rate, this.#caller.viewer.id);
    const merged = merge(wishes);
    const refused = this.#charges.take(refsOf(merged));
    if (refused !== undefined) {
      for (const { ref } of merged) this.#given?.given(kindOf(ref).provider, 'failed', Number.NaN);
      return wishes.map(() => refused);
    }
    const withExtras = keysWithExtras(wishes);
    const reads = merged.map((wish) => this.#readOne(wish, withExtras?.has(wish.ref.key) ?? false));
    const outcomes = (await Promise.allSettled(reads)).map(outcomeOf);
    this.#charges.miss(refsOf(merged.filter((_, n) => outcomes[n] === null)));
    // Mostly everything was asked for once.
    if (merged.length === wishes.length) return outcomes;
    const places = new WishMap<Outcome>();
    for (const [n, wish] of merged.entries()) places.set(wish, outcomes[n] ?? null);
    return wishes.map((wish) => places.get(wish) ?? null);
  }

  #readOne({ ref, maxAgeMs }: Wish, withExtras: boolean): Promise<Snapshot | null> {
    const { viewer, cancellation } = this.#caller;
    const grant = viewer.grants.of(ref);
    if (grant === 'nothing') {
      this.#given?.given(kindOf(ref).provider, 'not_granted', Number.NaN);
      return NOTHING;
    }
    const wish = {
      withExtras: withExtras && grant === 'whole',
      maxAgeMs,
      caller: cancellation,
      callerId: viewer.id,
      given: this.#given,
    };
    const read = this.#snapshots.read(ref, wish);
    return grant === 'whole' ? read : read.then((snapshot) => snapshot && shownOf(snapshot, grant));
  }
}

/** How a ref was answered, until it is known that it was. */
class Held implements GivenListener {
  readonly #listener: GivenListener;
  #told: Parameters<GivenListener['given']> | undefined;

  constructor(listener: GivenListener) {
    this.#listener = listener;
  }

  given(...told: Parameters<GivenListener['given']>): void {
    this.#told = told;
  }

  tell(): void {
    if (this.#told !== undefined) this.#listener.given(...this.#told);
  }
}

const NOTHING = Promise.resolve(null);

/** The keys of those that are wanted with extras; undefined where none is. */
function keysWithExtras(wishes: readonly Wish[]): ReadonlySet<string> | undefined {
  const keys = wishes.filter(({ selection }) => selection.withExtras).map(({ ref }) => ref.key);
  return keys.length === 0 ? undefined : new Set(keys);
}

function refsOf(wishes: readonly Wish[]): readonly Ref[] {
  return wishes.map(({ ref }) => ref);
}

/** What is cut to a part has none. */
function isWithExtras({ withExtras }: Selection, grant: Grant): boolean {
  return withExtras && grant === 'whole';
}

const TOO_MANY = new OverLimit(
  'refs',
  `One operation reads at most ${MAX_REFS_PER_OPERATION} different invitations: ask for more in several operations.`,
);

const TOO_HEAVY = new OverLimit(
  'weight',
  `What one operation gives weighs at most ${MAX_WEIGHT / 1024 / 1024} MB: ask for fewer invitations, attachments or lists at once.`,
);

function foundOf<R extends Ref>({ ref }: Wish<R>, outcome: Outcome): Found<R> {
  if (outcome instanceof Error) throw outcome;
  return outcome !== null && isOf(ref, outcome) ? outcome : null;
}

function isOf<R extends Ref>(ref: R, snapshot: Snapshot): snapshot is Snapshot & Snapshot<R['type']> {
  return snapshot.type === ref.type;
}

function outcomeOf(read: PromiseSettledResult<Snapshot | null>): Outcome {
  if (read.status === 'fulfilled') return read.value;
  return read.reason instanceof Error ? read.reason : new Error('a read was given up');
}
